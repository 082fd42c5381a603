using System.Text.Json;
using System.Text.Json.Serialization;

namespace Veltrix.Governor.Simulation;

/// <summary>
/// What the stores and the crowd of a simulated hunt are like. The defaults are the plant that reproduces the incident: 50,000 hunters in 55 s with no governor fill memory to
/// 95 % and cause 30 freezes. Memory is a share of what the store may use; events are records in the submissions log.
/// </summary>
public sealed record PlantParameters
{
    public static readonly PlantParameters Nominal = new();

    /// <summary>Memory with nobody there.</summary>
    public double BaseMemory { get; init; } = 0.27;

    /// <summary>Memory of each hunter with a seat: about 153 KiB of 16 GiB.</summary>
    public double MemoryPerSeat { get; init; } = 9.1e-6;

    /// <summary>Memory that a hunter who left still holds, until <see cref="OrphanSeconds"/> let go of it.</summary>
    public double MemoryPerOrphan { get; init; } = 5.9e-6;

    /// <summary>Memory that a fresh join needs beyond its seat (buffers, warm-up), until <see cref="JoinSeconds"/> let go of it.</summary>
    public double MemoryPerJoin { get; init; } = 4.7e-6;

    /// <summary>Standard deviation of memory from one second to the next.</summary>
    public double MemoryNoise { get; init; } = 0.004;

    /// <summary>How old a reading of memory is when the governor gets it.</summary>
    public double MemoryDelaySeconds { get; init; }

    /// <summary>How old a reading of lag is.</summary>
    public double LagDelaySeconds { get; init; }

    /// <summary>Mean time that a hunter stays.</summary>
    public double SeatSeconds { get; init; } = 1500;

    public double OrphanSeconds { get; init; } = 300;

    public double JoinSeconds { get; init; } = 600;

    /// <summary>Mean time that a hunter waits before giving up.</summary>
    public double PatienceSeconds { get; init; } = 240;

    /// <summary>Most seats that can be given in a second.</summary>
    public double SeatsPerSecond { get; init; } = 2000;

    public double EventsPerSeat { get; init; } = 0.0415;

    public double EventsPerJoin { get; init; } = 1.35;

    /// <summary>Events that the scorer decides in a second.</summary>
    public double Capacity { get; init; } = 2540;

    /// <summary>A store this full begins to be slow, …</summary>
    public double SlowFrom { get; init; } = 0.85;

    /// <summary>… and is as slow as it gets when it is fuller by this: repeats make more events, and the scorer decides fewer.</summary>
    public double SlowWidth { get; init; } = 0.12;

    public double SlowMoreEvents { get; init; } = 0.54;

    public double SlowLessCapacity { get; init; } = 0.59;

    static readonly JsonSerializerOptions Snake = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
    };

    /// <summary>Reads what a file sets; the rest is nominal.</summary>
    /// <exception cref="SimulationException">It is no such file, or names what there is not, or sets what cannot be; the message has all faults.</exception>
    public static PlantParameters Parse(string json, string source)
    {
        PlantParameters parameters;
        try
        {
            parameters = JsonSerializer.Deserialize<PlantParameters>(json, Snake) ?? throw new JsonException("there is no object");
        }
        catch (JsonException error)
        {
            var known = typeof(PlantParameters).GetProperties().Where(property => property.PropertyType == typeof(double)).Select(property => Snake.PropertyNamingPolicy!.ConvertName(property.Name));
            throw new SimulationException($"{source} is no plant: {error.Message} A plant is a JSON object of numbers: {string.Join(", ", known)}.", error);
        }
        var faults = parameters.Faults().ToList();
        return faults.Count == 0 ? parameters : throw new SimulationException(string.Join(Environment.NewLine, faults.Select(fault => $"{source}: {fault}")));
    }

    public string ToJson() => JsonSerializer.Serialize(this, Snake);

    IEnumerable<string> Faults()
    {
        foreach (var property in typeof(PlantParameters).GetProperties())
        {
            if (property.PropertyType != typeof(double)) continue;
            var value = (double)property.GetValue(this)!;
            var name = Snake.PropertyNamingPolicy!.ConvertName(property.Name);
            // What divides must be at least a step of the simulation.
            var least = property.Name switch { nameof(SeatSeconds) or nameof(OrphanSeconds) or nameof(JoinSeconds) or nameof(PatienceSeconds) or nameof(Capacity) => 1, nameof(SlowWidth) => 0.001, _ => 0 };
            if (!double.IsFinite(value) || value < least) yield return FormattableString.Invariant($"{name} is {value}; at least {least} is needed.");
        }
        if (MemoryDelaySeconds > Plant.LongestDelay || LagDelaySeconds > Plant.LongestDelay) yield return $"memory_delay_seconds and lag_delay_seconds are at most {Plant.LongestDelay}.";
    }
}

/// <summary>What was asked cannot be simulated; the message says what to change.</summary>
public sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
