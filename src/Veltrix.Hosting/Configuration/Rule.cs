namespace Veltrix.Hosting;

/// <summary>What must hold between two keys, whichever layers set them. The built-in defaults keep every rule; a test says so.</summary>
public sealed record Rule(Key Lower, Key Upper, bool MayBeEqual)
{
    /// <summary>Every <c>x.soft</c> is below its <c>x.critical</c>; and a brownout never makes boards come faster.</summary>
    public static IReadOnlyList<Rule> All { get; } =
    [
        .. from soft in Keys.All
           where soft.Name.EndsWith(".soft", StringComparison.Ordinal)
           let critical = Keys.Find(soft.Name[..^"soft".Length] + "critical")
           where critical is not null
           select new Rule(soft, critical, MayBeEqual: false),
        new(Keys.BoardCadence, Keys.BoardCadenceMax, MayBeEqual: true),
    ];

    public string Sentence => $"{Lower.Name} must be {(MayBeEqual ? "at most" : "below")} {Upper.Name}";

    public bool Holds(object? lower, object? upper) => Comparer<object>.Default.Compare(lower!, upper!) is var order && (order < 0 || (MayBeEqual && order == 0));
}
