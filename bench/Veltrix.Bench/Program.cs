using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Veltrix.Bench;

// dotnet run -c Release --project bench/Veltrix.Bench board            the board at a million teams
// dotnet run -c Release --project bench/Veltrix.Bench policy           one tick of the governor's policies
// dotnet run -c Release --project bench/Veltrix.Bench door             whether it is worth asking for a seat
// dotnet run -c Release --project bench/Veltrix.Bench log              the embedded log alone
// dotnet run -c Release --project bench/Veltrix.Bench log HOST:PORT    the log on Kafka alone; a further argument: options of librdkafka
// dotnet run -c Release --project bench/Veltrix.Bench governor [N]     N votes over gRPC on this machine
// dotnet run -c Release --project bench/Veltrix.Bench pipeline [N]     N commands through log, scorer, ledger and board
return args switch
{
    ["board", .. var rest] => Board(rest),
    ["policy", .. var rest] => Benchmark<PolicyBench>(rest),
    ["door"] => Door(),
    ["log"] => await LogRun.Embedded(),
    ["log", var kafka] => await LogRun.Kafka(kafka, ""),
    ["log", var kafka, var options] => await LogRun.Kafka(kafka, options),
    ["governor"] => await GovernorRun.Run(20_000),
    ["governor", var count] => await GovernorRun.Run(int.Parse(count)),
    ["pipeline"] => await PipelineRun.Run(1_000_000),
    ["pipeline", var count] => await PipelineRun.Run(int.Parse(count)),
    _ => Usage(),
};

static int Board(string[] rest)
{
    Console.WriteLine($"bytes a team: {BoardBench.BytesPerTeam():F1}");
    return Benchmark<BoardBench>(rest);
}

static int Benchmark<T>(string[] rest)
{
    // In this process: nothing here needs isolation, and the generated projects of other toolchains trip over our pinned packages.
    var job = Job.ShortRun.WithIterationCount(8).WithToolchain(new InProcessEmitToolchain(TimeSpan.FromMinutes(5), logOutput: false));
    BenchmarkSwitcher.FromTypes([typeof(T)]).Run(rest.Length > 0 ? rest : ["--filter", "*"], DefaultConfig.Instance.AddJob(job));
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
    Console.Error.WriteLine("board, door, policy, log [Kafka], governor [votes] or pipeline [commands]");
    return 2;
}
