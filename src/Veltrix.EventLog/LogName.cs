using System.Text.RegularExpressions;

namespace Veltrix.EventLog;

/// <summary>Names of logs: paths of lower-case letters, digits and <c>-</c>, so that they can be folders and topics alike.</summary>
static partial class LogName
{
    public const int CharsMax = 200;

    /// <exception cref="ArgumentException">It is none.</exception>
    public static void Check(string name)
    {
        if (name.Length > CharsMax || !Pattern().IsMatch(name))
            throw new ArgumentException(
                $"'{name}' cannot name a log: a name is made of parts of lower-case letters, digits and -, joined by /, {CharsMax} characters at most.", nameof(name));
    }

    public static bool Is(string text) => text.Length <= CharsMax && Pattern().IsMatch(text);

    [GeneratedRegex(@"^[a-z0-9-]+(/[a-z0-9-]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
