namespace Veltrix.Control;

/// <summary>Why control data cannot be read or changed. The names are codes on the wire.</summary>
public enum ControlFault
{
    /// <summary>The database does not answer; later it may.</summary>
    ControlUnavailable,

    /// <summary>It answers, and will refuse again until somebody sets something right.</summary>
    ControlRefused,

    /// <summary>A newer program has used the database.</summary>
    ControlNewer,

    /// <summary>No key has this id.</summary>
    KeyUnknown,

    /// <summary>The newest signing key is needed.</summary>
    KeyInUse,

    /// <summary>There are as many signing keys as there may be.</summary>
    KeysFull,
}

/// <summary>Control data cannot be read or changed: what, where, and what to do about it.</summary>
public sealed class ControlException(ControlFault fault, string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public ControlFault Fault { get; } = fault;

    public string Remedy { get; } = remedy;
}
