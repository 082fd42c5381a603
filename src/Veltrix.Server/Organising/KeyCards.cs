using Veltrix.Control;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Organising;

// Keys as they go over HTTP, as docs/reference/http.md has them. Times are milliseconds since 1970.

public sealed record KeyRequest(IReadOnlyList<string>? Scopes, string? Hunt, string? Name, long? Until, string? Why);

public sealed record WhyRequest(string? Why);

/// <param name="Token">Told this once, and kept nowhere.</param>
public sealed record KeyIssued(string Token, KeyCard Key);

/// <param name="State"><c>good</c>, <c>revoked</c>, <c>expired</c>, or <c>void</c>: the signing key was retired.</param>
public sealed record KeyCard(
    string Id, string State, IReadOnlyList<string> Scopes, string Hunt, string Name, long Issued, string IssuedBy, string Why, long? Until, string SignedBy,
    long? Revoked, string? RevokedBy, string? RevokedWhy)
{
    public static KeyCard Of(AccessKey key, bool isSigned, DateTimeOffset now)
    {
        var state = key.RevokedMs is not null ? "revoked" : key.UntilMs <= now.ToUnixTimeMilliseconds() ? "expired" : isSigned ? "good" : "void";
        return new(
            key.Id, state, ScopeNames.Of((Scopes)key.Scopes), key.Hunt, key.Name, key.IssuedMs, key.IssuedBy, key.Why, key.UntilMs, key.SignedBy, key.RevokedMs, key.RevokedBy, key.RevokedWhy);
    }
}

/// <param name="State"><c>signs</c>, <c>next</c> (signs within seconds), <c>verifies</c>, or <c>retired</c>.</param>
public sealed record SigningKeyCard(string Id, string State, long Made, string MadeBy, string Why, long? Retired, string? RetiredBy, string? RetiredWhy)
{
    /// <param name="signs">The number of the one that signs.</param>
    public static SigningKeyCard Of(SigningKey key, int signs) => new(
        key.Id, key.RetiredMs is not null ? "retired" : key.Number == signs ? "signs" : key.Number > signs ? "next" : "verifies",
        key.MadeMs, key.MadeBy, key.Why, key.RetiredMs, key.RetiredBy, key.RetiredWhy);
}

/// <param name="Database">Where they are kept.</param>
/// <param name="At">When this server last read them.</param>
/// <param name="Trouble">Why it cannot read them now.</param>
public sealed record KeyList(IReadOnlyList<KeyCard> Keys, IReadOnlyList<SigningKeyCard> SigningKeys, string Database, long At, string? Trouble);

/// <summary>Scopes that an access key may have, by name. A hunter's comes from a join and a pass is good for one hunter, so neither is among them.</summary>
static class ScopeNames
{
    static readonly Dictionary<string, Scopes> names = new() { ["organiser"] = Scopes.Organiser, ["audit"] = Scopes.Audit, ["relay"] = Scopes.Relay, ["replay"] = Scopes.Replay };

    public static string All => string.Join(", ", names.Keys);

    public static string[] Of(Scopes scopes) => [.. names.Where(name => scopes.HasFlag(name.Value)).Select(name => name.Key)];

    /// <returns>Null where there is none, or one that is not among them.</returns>
    public static Scopes? Read(IReadOnlyList<string>? texts) =>
        texts is { Count: > 0 } && texts.All(names.ContainsKey) ? texts.Aggregate(Scopes.None, (all, text) => all | names[text]) : null;
}
