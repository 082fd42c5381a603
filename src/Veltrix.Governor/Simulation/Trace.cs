using System.Text.Json;
using System.Text.Json.Serialization;

namespace Veltrix.Governor.Simulation;

/// <summary>One second of a run, summed over its hunts; a line of a trace. A recorded hunt has the same columns.</summary>
/// <param name="Time">Seconds since the beginning; the rest is as it stands after this second.</param>
/// <param name="Arrivals">Hunters who came in it.</param>
/// <param name="Limit">As published.</param>
/// <param name="Memory">As measured, a share of what there is.</param>
/// <param name="Mode">What the policy was doing, in a second in which it decided.</param>
public sealed record TraceSecond(
    int Time, double Arrivals, double Seated, double Waiting, double Limit, double Memory, double Lag, double Joins, double Leaves,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Mode = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null)
{
    static readonly JsonSerializerOptions Snake = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line. Rounded: a thousandth of a hunter means nothing.</summary>
    public string ToLine() => JsonSerializer.Serialize(this with
    {
        Arrivals = Math.Round(Arrivals, 3),
        Seated = Math.Round(Seated, 3),
        Waiting = Math.Round(Waiting, 3),
        Limit = Math.Round(Limit, 3),
        Memory = Math.Round(Memory, 6),
        Lag = Math.Round(Lag, 1),
        Joins = Math.Round(Joins, 3),
        Leaves = Math.Round(Leaves, 3),
    }, Snake);

    /// <exception cref="SimulationException">A line is none; it is named.</exception>
    public static List<TraceSecond> Read(TextReader lines, string source)
    {
        var seconds = new List<TraceSecond>();
        for (var number = 1; lines.ReadLine() is { } line; number++)
        {
            if (line.Length == 0) continue;
            try
            {
                seconds.Add(JsonSerializer.Deserialize<TraceSecond>(line, Snake) ?? throw new JsonException("there is no object"));
            }
            catch (JsonException error)
            {
                throw new SimulationException($"{source}:{number}: no line of a trace: {error.Message}", error);
            }
        }
        return seconds;
    }
}
