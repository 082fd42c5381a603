using System.Text.Json;
using System.Text.Json.Nodes;
using Veltrix.Hosting;

namespace Veltrix.Server.Organising;

// Settings as they go over HTTP, as docs/reference/http.md has it. Times are milliseconds since 1970.

public sealed record SettingRequest(string? Key, JsonElement? Value, string? Why, long? Until);

public sealed record SettingTaken(long Position, IReadOnlyList<JsonObject> Facts, SettingCard Setting);

public sealed record SettingList(string? Hunt, IReadOnlyList<SettingCard> Settings);

/// <param name="File">What is or was watched; null: there has been none.</param>
/// <param name="Warnings">What is set and has no effect yet: keys that act at the next start, hunts that are not there.</param>
public sealed record SettingsStatus(bool Ok, long At, long OkAt, string? File, IReadOnlyList<SettingFault> Faults, IReadOnlyList<string> Changes, IReadOnlyList<string> Warnings, IReadOnlyDictionary<string, ClusterMark>? Cluster)
{
    public static SettingsStatus Of(HuntDirectory hunts)
    {
        var last = hunts.Settings.LastReload;
        return new SettingsStatus(
            last.Ok, last.At.ToUnixTimeMilliseconds(), last.OkAt.ToUnixTimeMilliseconds(), last.File, [.. last.Faults.Select(SettingFault.Of)], last.Changes,
            [.. hunts.Settings.Waiting, .. hunts.Settings.Strangers([.. hunts.All.Select(hunt => hunt.Id)])],
            hunts.Settings.ClusterMarks is { Count: > 0 } marks ? marks : null);
    }
}

public sealed record SettingFault(int Line, int Column, string Key, string Value, string Message, string Remedy)
{
    public static SettingFault Of(ConfigFault fault) => new(fault.Line, fault.Column, fault.Key, fault.Value, fault.Message, fault.Remedy);
}

/// <summary>A key with its effective value, who set it, what every layer says (highest first), and its declaration.</summary>
/// <param name="Running">What the process runs with until its next start, where that is another value; absent otherwise.</param>
public sealed record SettingCard(
    string Key, string Value, string Layer, string Origin, string Default, string Unit, string Allowed, string For, string Acts, string Sentence, IReadOnlyList<SettingLayer> Layers, string? Running)
{
    public static SettingCard Of(Explanation told)
    {
        var key = told.Key;
        return new SettingCard(
            key.Name, told.Value, told.Origin.Layer, told.Origin.ToString()!, key.DefaultText, key.Unit, key.RangeText, key.Reach == Reach.Hunt ? "hunt" : "process",
            ConfigPage.Words(key.Acts), key.Sentence, [.. told.Voices.Select(SettingLayer.Of)], told.Running);
    }

    public JsonObject ToJson() => (JsonObject)JsonSerializer.SerializeToNode(this, ApiJson.Default.SettingCard)!;
}

/// <param name="SetAside">The rule that keeps it from counting; absent where only a higher layer does.</param>
public sealed record SettingLayer(string Layer, string Value, string Origin, string? File, int? Line, string? Who, string? Why, long? Since, long? Until, string? SetAside)
{
    public static SettingLayer Of(Voice voice)
    {
        var plain = new SettingLayer(voice.Origin.Layer, voice.Value, voice.Origin.ToString()!, null, null, null, null, null, null, voice.SetAside);
        return voice.Origin switch
        {
            Hosting.Origin.File at => plain with { File = at.Path, Line = at.Line },
            Hosting.Origin.Definition at => plain with { Line = at.Line },
            Hosting.Origin.Override by => plain with { Who = by.Who, Why = by.Why, Since = by.Since.ToUnixTimeMilliseconds(), Until = by.Until?.ToUnixTimeMilliseconds() },
            _ => plain,
        };
    }
}
