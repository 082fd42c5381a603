namespace Veltrix.Gate;

/// <summary>
/// A Lua script of the folder Scripts, as the store is sent it. StackExchange.Redis sends the text once a connection and its hash from then on, and again where the store has forgotten it.
/// </summary>
sealed class GateScript
{
    // A store that knows this line runs the script at its memory limit too; measured, Redis 7 otherwise refuses HSET and ZADD even of what is there. Garnet refuses the line itself.
    const string AllowOutOfMemory = "#!lua flags=allow-oom\n";

    public static readonly GateScript Ask = new("gate", "rule", "ask");
    public static readonly GateScript Attach = new("gate", "attach");
    public static readonly GateScript Detach = new("gate", "detach");
    public static readonly GateScript Leave = new("gate", "leave");
    public static readonly GateScript Renew = new("gate", "renew");
    public static readonly GateScript Sweep = new("gate", "sweep");
    public static readonly GateScript Orphan = new("gate", "orphan");
    public static readonly GateScript Admit = new("gate", "rule", "admit");
    public static readonly GateScript Seen = new("gate", "seen");
    public static readonly GateScript Counts = new("gate", "counts");
    public static readonly GateScript Publish = new("gate", "publish");
    public static readonly GateScript Reopen = new("gate", "reopen");
    public static readonly GateScript Lead = new("lead");

    /// <summary>Asks a store whether it knows that line; 1 if it does, an error if not.</summary>
    public const string Probe = AllowOutOfMemory + "return 1";

    readonly string _plain;
    readonly string _allowed;

    GateScript(params string[] parts)
    {
        Name = parts[^1];
        _plain = string.Join('\n', parts.Select(Read));
        _allowed = AllowOutOfMemory + _plain;
    }

    public string Name { get; }

    public string Text(bool allowOutOfMemory) => allowOutOfMemory ? _allowed : _plain;

    static string Read(string part)
    {
        using var reader = new StreamReader(typeof(GateScript).Assembly.GetManifestResourceStream(part)!);
        return reader.ReadToEnd();
    }
}
