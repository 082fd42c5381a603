namespace Veltrix.Cli.Chaos;

/// <summary>What is to be broken, under which load, for how long.</summary>
sealed record ChaosOptions
{
    public int Servers { get; init; } = 3;

    public int Hunters { get; init; } = 3_000;

    /// <summary>From the first hunter to the last submission.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(5);

    public int Seed { get; init; } = 1;

    /// <summary>The folder of <c>up</c> and <c>down</c> for a broker: <see cref="KafkaScript"/>.</summary>
    public required string KafkaScripts { get; init; }

    public required int KafkaPort { get; init; }

    public string? ReceiptsFile { get; init; }
}
