namespace Veltrix.Gate;

/// <summary>The keys of a hunt's gate, after the hash tag; docs/reference/redis.md says what is in each. The order is that of gate.lua, and the constants are places in it.</summary>
static class GateKeys
{
    public static readonly string[] Names = ["epoch", "seats", "lost", "waiting", "waiting-pass", "seen", "pass", "servers", "gate", "audit", "addresses"];

    public const int Epoch = 0, Seats = 1, Waiting = 3, Passes = 4, Gate = 8, Audit = 9;
}
