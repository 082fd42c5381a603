using System.Collections.Immutable;

namespace Veltrix.Hunts;

/// <summary>A definition with what play needs worked out once: who is behind an id, and what each solve may open. Immutable, replaced whole.</summary>
public sealed class HuntModel
{
    readonly Dictionary<string, int> indexById = new(StringComparer.Ordinal);
    readonly ImmutableArray<int>[] dependents;

    public HuntModel(HuntDefinition definition, string text)
    {
        Definition = definition;
        Text = text;
        var opens = new List<int>[definition.Challenges.Length];
        for (var c = 0; c < opens.Length; c++)
        {
            indexById.Add(definition.Challenges[c].Id, c);
            opens[c] = [];
        }

        for (var c = 0; c < opens.Length; c++)
            foreach (var required in definition.Challenges[c].Requires)
                opens[required].Add(c);
        dependents = Array.ConvertAll(opens, list => list.ToImmutableArray());
    }

    public HuntDefinition Definition { get; }

    /// <summary>The YAML as published.</summary>
    public string Text { get; }

    public ImmutableArray<Challenge> Challenges => Definition.Challenges;

    /// <summary>Index of a challenge, or −1.</summary>
    public int IndexOf(string id) => indexById.GetValueOrDefault(id, -1);

    /// <summary>Challenges that require this one.</summary>
    public ImmutableArray<int> Dependents(int challenge) => dependents[challenge];
}
