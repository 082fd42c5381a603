using System.Collections.Immutable;

namespace Veltrix.Hunts;

/// <summary>Reads a hunt as its author writes it: YAML, described in <c>docs/author/hunt-file.md</c>.</summary>
public static class HuntFile
{
    /// <summary>All faults at once, or the definition.</summary>
    public static HuntFileResult Read(string yaml) => throw new NotSupportedException(yaml);
}

/// <param name="Definition">Null exactly when there are faults.</param>
/// <param name="Faults">In the order of the file.</param>
public sealed record HuntFileResult(HuntDefinition? Definition, ImmutableArray<Fault> Faults);

/// <summary>Something in a hunt file that keeps the hunt from running.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1, in characters.</param>
/// <param name="Message">What is wrong, with the value and the limit.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record Fault(int Line, int Column, string Message, string Remedy);
