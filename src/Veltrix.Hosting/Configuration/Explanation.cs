namespace Veltrix.Hosting;

/// <summary>What one layer says about a key.</summary>
/// <param name="Value">As it would be written.</param>
/// <param name="SetAside">The rule that keeps this from counting; null where nothing does but higher layers.</param>
public sealed record Voice(string Value, Origin Origin, string? SetAside);

/// <summary>A key's effective value, who set it, and what every layer below says.</summary>
/// <param name="Hunt">Null: for the process, or for a hunt that sets nothing of its own.</param>
/// <param name="Voices">Highest first. The last is the built-in default.</param>
public sealed record Explanation(Key Key, string? Hunt, IReadOnlyList<Voice> Voices)
{
    Voice Counts => Voices.First(voice => voice.SetAside is null);

    /// <summary>As it would be written.</summary>
    public string Value => Counts.Value;

    public Origin Origin => Counts.Origin;

    /// <summary>What the process was started with and runs with, where that is another value and this one acts at the next start; null otherwise.</summary>
    public string? Running { get; init; }

    /// <summary>For whoever meets the limit, such as a refusal: its name, its present value, who set it, and where it is explained.</summary>
    public override string ToString() => $"{Key.Name} is {Value} ({Origin}); {ConfigPage.Path} explains it";
}
