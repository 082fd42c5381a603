using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Veltrix.Bench;

// dotnet run -c Release --project bench/Veltrix.Bench board            the board at a million teams
// dotnet run -c Release --project bench/Veltrix.Bench door             whether it is worth asking for a seat
// dotnet run -c Release --project bench/Veltrix.Bench log              the embedded log alone
// dotnet run -c Release --project bench/Veltrix.Bench pipeline [N]     N commands through log, scorer, ledger and board
return args switch
{
    ["board", .. var rest] => Board(rest),
    ["door"] => Door(),
    ["log"] => await LogRun.Run(),
    ["pipeline"] => await PipelineRun.Run(1_000_000),
    ["pipeline", var count] => await PipelineRun.Run(int.Parse(count)),
    _ => Usage(),
};

static int Board(string[] rest)
{
    Console.WriteLine($"bytes a team: {BoardBench.BytesPerTeam():F1}");
    // In this process: the board needs no isolation, and the generated projects of other toolchains trip over our pinned packages.
    var job = Job.ShortRun.WithIterationCount(8).WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(5), logOutput: false));
    BenchmarkSwitcher.FromTypes([typeof(BoardBench)]).Run(rest.Length > 0 ? rest : ["--filter", "*"], DefaultConfig.Instance.AddJob(job));
    return 0;
}

static int Door()
{
    var job = Job.ShortRun.WithIterationCount(8).WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(5), logOutput: false));
    BenchmarkRunner.Run<DoorBench>(DefaultConfig.Instance.AddJob(job));
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("board, door, log or pipeline [commands]");
    return 2;
}
