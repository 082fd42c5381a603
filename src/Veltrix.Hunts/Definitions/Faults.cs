using System.Collections.Immutable;

namespace Veltrix.Hunts;

/// <summary>Something in a hunt file that keeps the hunt from running.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1, in UTF-16 units.</param>
/// <param name="Message">What is wrong, with the value and the limit.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record Fault(int Line, int Column, string Message, string Remedy);

/// <summary>
/// Collects faults while a file is read. The first <see cref="Most"/> are kept and the others counted, so that a file that is wrong everywhere still
/// has a readable answer.
/// </summary>
sealed class Faults
{
    /// <summary>More than anybody repairs in one go.</summary>
    public const int Most = 100;

    readonly List<Fault> found = [];
    int more;

    public bool Any => found.Count > 0;

    /// <summary>Nothing added now will be shown: what costs time to word can be left out.</summary>
    public bool Full => found.Count >= Most;

    public void Add(YamlNode at, string message, string remedy) => Add(at.Line, at.Column, message, remedy);

    public void Add(int line, int column, string message, string remedy)
    {
        if (Full) more++;
        else found.Add(new Fault(line, column, message, remedy));
    }

    public ImmutableArray<Fault> InFileOrder()
    {
        var ordered = found.OrderBy(fault => fault.Line).ThenBy(fault => fault.Column).ToList();
        if (more > 0)
            ordered.Add(ordered[^1] with { Message = FormattableString.Invariant($"These are {Most} faults of {Most + more:N0}."), Remedy = "Repair the ones above, then read the file again." });
        return [.. ordered];
    }
}
