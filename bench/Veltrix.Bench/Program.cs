using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using Veltrix.Bench;

// dotnet run -c Release --project bench/Veltrix.Bench board            the board at a million teams
// dotnet run -c Release --project bench/Veltrix.Bench log              the embedded log alone
// dotnet run -c Release --project bench/Veltrix.Bench pipeline [N]     N commands through log, scorer, ledger and board
return args switch
{
    ["board", .. var rest] => Board(rest),
    ["log"] => await LogRun.Run(),
    ["pipeline"] => await PipelineRun.Run(1_000_000),
    ["pipeline", var count] => await PipelineRun.Run(int.Parse(count)),
    _ => Usage(),
};

static int Board(string[] rest)
{
    Console.WriteLine($"bytes a team: {BoardBench.BytesPerTeam():F1}");
    BenchmarkSwitcher.FromTypes([typeof(BoardBench)]).Run(["--filter", "*", .. rest], DefaultConfig.Instance.AddJob(Job.ShortRun.WithIterationCount(8)));
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("board, log or pipeline [commands]");
    return 2;
}
