using Microsoft.Extensions.Logging;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server.Leaderboards;

namespace Veltrix.Server.Organising;

/// <summary>Hands what a hunt sets of its own to the <see cref="Settings"/>: its definition's <c>settings:</c>, and the overrides in its ledger. Thread-safe.</summary>
public sealed partial class HuntSettings(HuntView view, Settings settings, ILogger logger)
{
    readonly Lock gate = new();
    HuntModel? shown;

    /// <summary>False until the hunt is published and its definition's settings count.</summary>
    public bool AreShown
    {
        get
        {
            lock (gate) return shown is not null;
        }
    }

    /// <summary>A definition's settings as <see cref="Settings"/> takes them.</summary>
    public static IReadOnlyList<Written> Written(HuntDefinition definition) =>
        [.. definition.Settings.Select(text => new Written(text.Key, text.Value, text.Line, text.Column, text.IsList))];

    /// <summary>Hands over the fold as it is now. The lock keeps an older look from coming after a newer one.</summary>
    public void Show()
    {
        lock (gate)
        {
            var (model, overrides) = view.Read((state, _) => (state.Model, state.Overrides.Select(Of).ToArray()));
            if (model is not null && !ReferenceEquals(model, shown))
            {
                foreach (var fault in settings.SetDefinition(view.Hunt, Written(model.Definition))) LogIgnored(view.Hunt, fault.Line, fault.Message);
                shown = model;
            }

            settings.SetOverrides(view.Hunt, overrides);
        }
    }

    static SettingOverride Of(Override o) => new(
        o.Key, o.Value, o.Who, o.Why, DateTimeOffset.FromUnixTimeMilliseconds(o.SinceMs), o.UntilMs is { } until ? DateTimeOffset.FromUnixTimeMilliseconds(until) : null);

    // It was checked when it was published: another version of this program knew the key.
    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: a setting in line {Line} of its definition is left out: {Message}")]
    partial void LogIgnored(string hunt, int line, string message);
}
