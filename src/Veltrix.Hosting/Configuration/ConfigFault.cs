using System.Collections.Immutable;

namespace Veltrix.Hosting;

/// <summary>Something that somebody wrote and that cannot be a setting.</summary>
/// <param name="Line">Counted from 1; 0 where it is about no line, such as a file that is gone.</param>
/// <param name="Column">Counted from 1.</param>
/// <param name="Key">As written; empty where it is about no key.</param>
/// <param name="Value">As written; empty where it is about no value.</param>
/// <param name="Message">What is wrong, with what is allowed.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record ConfigFault(int Line, int Column, string Key, string Value, string Message, string Remedy)
{
    /// <summary>As editors turn it into a link: <c>file:line:column: message (remedy)</c>.</summary>
    public string In(string file) => Line == 0 ? $"{file}: {Message} ({Remedy})" : $"{file}:{Line}:{Column}: {Message} ({Remedy})";
}

/// <summary>Collects faults while something is read. The first <see cref="Most"/> are kept and the others counted.</summary>
sealed class ConfigFaults
{
    /// <summary>More than anybody repairs in one go.</summary>
    public const int Most = 100;

    readonly List<ConfigFault> found = [];
    int more;

    public bool Any => found.Count > 0;

    public void Add(Written at, string message, string remedy) => Add(at.Line, at.Column, at.Name, at.Text, message, remedy);

    public void Add(int line, int column, string key, string value, string message, string remedy)
    {
        if (found.Count >= Most) more++;
        else found.Add(new ConfigFault(line, column, key, value, message, remedy));
    }

    public ImmutableArray<ConfigFault> InFileOrder()
    {
        var ordered = found.OrderBy(fault => fault.Line).ThenBy(fault => fault.Column).ToList();
        if (more > 0)
            ordered.Add(ordered[^1] with { Key = "", Value = "", Message = FormattableString.Invariant($"These are {Most} faults of {Most + more:N0}."), Remedy = "Repair the ones above, then read the file again." });
        return [.. ordered];
    }
}

/// <summary>Settings that somebody wrote cannot be taken. The message has all faults, one a line.</summary>
public sealed class ConfigException(string file, IReadOnlyList<ConfigFault> faults) : Exception(string.Join('\n', faults.Select(fault => fault.In(file))))
{
    public string File { get; } = file;

    public IReadOnlyList<ConfigFault> Faults { get; } = faults;
}
