namespace Veltrix.Cli.Chaos;

/// <summary>All that is done to a cluster, by the name that the report counts it under.</summary>
static class FaultKind
{
    public const string KillServer = "kill_server";
    public const string StopServer = "stop_server";
    public const string DrainServer = "drain_server";
    public const string KillGovernor = "kill_governor";
    public const string StopGovernor = "stop_governor";
    public const string KillOrchestrator = "kill_orchestrator";
    public const string StopOrchestrator = "stop_orchestrator";
    public const string KillRedis = "kill_redis";
    public const string StopRedis = "stop_redis";
    public const string Flush = "flushall";
    public const string CutRedis = "cut_redis";
    public const string DelayRedis = "delay_redis";
    public const string KillKafka = "kill_kafka";
    public const string StopKafka = "stop_kafka";
    public const string CutKafka = "cut_kafka";
    public const string DelayKafka = "delay_kafka";
    public const string CutHunters = "cut_hunters";
    public const string DelayHunters = "delay_hunters";
    public const string KillPostgres = "kill_postgres";
    public const string StopPostgres = "stop_postgres";
    public const string FullDisk = "full_disk";
    public const string SkewClock = "skew_clock";

    public static readonly IReadOnlyList<string> All =
    [
        KillServer, StopServer, DrainServer, KillGovernor, StopGovernor, KillOrchestrator, StopOrchestrator, KillRedis, StopRedis, Flush, CutRedis, DelayRedis, KillKafka, StopKafka,
        CutKafka, DelayKafka, CutHunters, DelayHunters, KillPostgres, StopPostgres, FullDisk, SkewClock,
    ];
}
