using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace Veltrix.Hosting;

/// <summary>
/// Where a database is: <c>sqlite</c>, or the keys and values of a connection to PostgreSQL. A password is refused here, since settings are shown to many; no message repeats one.
/// </summary>
public sealed record ConnectionText() : Notation<string>("string", "sqlite, or a connection to PostgreSQL such as Host=db;Database=veltrix;Username=veltrix, without a password")
{
    public const string Embedded = "sqlite";
    public const int LengthMax = 1_000;

    static readonly string[] secrets = ["password", "pwd", "psw", "ssl password"];

    public override bool TryRead(string text, [MaybeNullWhen(false)] out string value, [NotNullWhen(false)] out string? fault)
    {
        value = text.Trim();
        fault = value == Embedded ? null : Fault(value);
        return fault is null;
    }

    public override string Write(string value) => value;

    /// <summary>The same with dots in place of passwords; dots alone where it cannot be told what is one.</summary>
    public static string WithoutPassword(string text)
    {
        if (Parse(text) is not { } parts) return "…";
        foreach (var secret in secrets.Where(parts.ContainsKey)) parts[secret] = "…";
        return parts.ConnectionString;
    }

    string? Fault(string text)
    {
        if (text.Length > LengthMax || Parse(text) is not { } parts || !parts.TryGetValue("host", out var host) || host is "") return $"names no host; {Range} is allowed";
        return secrets.Any(parts.ContainsKey) ? $"has a password in it, which everybody would see; write it into a file and name that with {Keys.ControlPasswordFile.Name}" : null;
    }

    static DbConnectionStringBuilder? Parse(string text)
    {
        try
        {
            return new DbConnectionStringBuilder { ConnectionString = text };
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
