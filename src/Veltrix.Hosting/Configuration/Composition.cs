namespace Veltrix.Hosting;

/// <summary>
/// Layers laid over one another, for one hunt or for the process. The highest that says something about a key wins, unless that would break a <see cref="Rule"/>: whoever could be asked
/// has been refused already, but an override that ends, or a definition of last year, may leave its partner alone. Then the pair is taken from the highest layers that together keep it.
/// </summary>
sealed class Composition
{
    static readonly Origin builtIn = new Origin.BuiltIn();

    readonly IReadOnlyList<Layer> layers;
    readonly Dictionary<Key, int> heard = [];
    readonly List<Rule> broken = [];

    /// <param name="layers">Lowest first; the built-in defaults are below all of them.</param>
    public Composition(IReadOnlyList<Layer> layers)
    {
        this.layers = layers;
        foreach (var rule in Rule.All)
        {
            var top = layers.Count;
            while (top > 0 && !rule.Holds(Top(rule.Lower, top).Value, Top(rule.Upper, top).Value)) top--;
            if (top == layers.Count) continue;
            broken.Add(rule);
            heard[rule.Lower] = heard[rule.Upper] = top;
        }
    }

    /// <summary>Rules that do not hold between the highest voices.</summary>
    public IReadOnlyList<Rule> Broken => broken;

    /// <summary>What would count if there were no rules.</summary>
    public Said Highest(Key key) => Top(key, layers.Count);

    /// <summary>The values that are not the built-in ones.</summary>
    public Dictionary<Key, object?> Values()
    {
        var values = new Dictionary<Key, object?>();
        foreach (var key in layers.SelectMany(layer => layer.Keys))
            if (Top(key, heard.GetValueOrDefault(key, layers.Count)).Value is var value && !Equals(value, key.DefaultValue)) values[key] = value;
        return values;
    }

    /// <summary>Everything that is said about a key, highest first; the built-in default is the last.</summary>
    public IReadOnlyList<Voice> Voices(Key key)
    {
        var top = heard.GetValueOrDefault(key, layers.Count);
        var voices = new List<Voice>();
        for (var i = layers.Count - 1; i >= 0; i--)
            if (layers[i].Find(key) is { } said) voices.Add(new Voice(key.Write(said.Value), said.Origin, i >= top ? broken.First(rule => rule.Lower == key || rule.Upper == key).Sentence : null));
        voices.Add(new Voice(key.DefaultText, builtIn, null));
        return voices;
    }

    Said Top(Key key, int count)
    {
        for (var i = count - 1; i >= 0; i--)
            if (layers[i].Find(key) is { } said) return said;
        return new Said(key.DefaultValue, builtIn);
    }
}
