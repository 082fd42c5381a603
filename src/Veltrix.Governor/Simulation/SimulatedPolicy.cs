using System.Globalization;
using Veltrix.Governor.Policies;

namespace Veltrix.Governor.Simulation;

/// <summary>A policy as a run names it: <c>forecast</c>, or with a ceiling of its own <c>linear@40000</c>, or <c>none</c>.</summary>
public sealed record SimulatedPolicy
{
    public const string None = "none";

    /// <summary>The hunt's ceiling where nothing else is said, and all that there is without a governor.</summary>
    public const double StandardCeiling = 50_000;

    public const double FloorShare = 0.05;

    internal SimulatedPolicy(string label, IAdmissionPolicy? policy, double ceiling)
    {
        Label = label;
        Policy = policy;
        Ceiling = ceiling;
    }

    public string Label { get; }

    /// <summary>Null: nobody governs; the limit is the ceiling and nothing ever changes it.</summary>
    public IAdmissionPolicy? Policy { get; }

    public double Ceiling { get; }

    /// <summary>Servers tell how the submissions log grows; what came of it where they do not is worth knowing too.</summary>
    public bool HearsFlow { get; init; } = true;

    public static IEnumerable<string> Names => [None, .. PolicyCatalog.Names];

    /// <summary>What every other run is measured against.</summary>
    public static SimulatedPolicy Ungoverned { get; } = new(None, null, StandardCeiling);

    /// <summary>Null if there is no policy of that name, or what follows the @ is no ceiling.</summary>
    public static SimulatedPolicy? Parse(string label, double ceiling)
    {
        var name = label;
        if (label.IndexOf('@') is > 0 and var at)
        {
            name = label[..at];
            if (!double.TryParse(label[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ceiling) || ceiling is < 1 or > 10_000_000) return null;
        }
        if (name == None) return label == None ? new(None, null, Math.Max(ceiling, StandardCeiling)) : null;
        return PolicyCatalog.Names.Contains(name) ? new(label, PolicyCatalog.Create(name), ceiling) : null;
    }
}
