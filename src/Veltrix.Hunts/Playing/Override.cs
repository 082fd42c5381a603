namespace Veltrix.Hunts;

/// <summary>A key of the hunt that an organiser set, as the ledger tells it. What keys there are, the hunt does not know.</summary>
/// <param name="UntilMs">When it ends by itself, in milliseconds since 1970; null: when somebody takes it back. It stays in the fold a while after.</param>
/// <param name="SinceMs">Game time of the decision.</param>
public sealed record Override(string Key, string Value, long? UntilMs, string Who, string Why, long SinceMs);
