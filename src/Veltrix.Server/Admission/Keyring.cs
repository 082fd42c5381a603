using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Veltrix.Control;

namespace Veltrix.Server.Admission;

/// <summary>What a token allows.</summary>
[Flags]
public enum Scopes
{
    None = 0,
    Hunter = 1,
    Organiser = 2,
    /// <summary>Reads a hunt's ledger.</summary>
    Audit = 4,
    /// <summary>Speaks for many hunters.</summary>
    Relay = 8,
    /// <summary>Sets the time of what it sends.</summary>
    Replay = 16,
    /// <summary>Waits in the list that has its own small share of the seats; good for one hunter.</summary>
    Priority = 32,
}

/// <summary>A token as read: what it allows, in which hunt (<c>*</c>: in all), and whose it is.</summary>
/// <param name="Key">The id of the access key that it is; null: a token that nobody can take back alone.</param>
public sealed record Grant(Scopes Scopes, string Hunt, string Subject, string? Key = null)
{
    public bool Allows(Scopes scope, string hunt) => (Scopes & scope) != 0 && (Hunt == "*" || Hunt == hunt);
}

/// <summary>
/// Signs tokens and reads them back. There are two forms, both signed with HMAC-SHA256 over all that stands before the signature, all parts base64url:
/// <list type="bullet">
/// <item><c>v1.{scopes}.{hunt}.{subject}.{signature}</c> carries all it says, so no server needs a store to read it. Hunters, passes and <c>admin.key</c> have it.</item>
/// <item><c>v2.{id}.{signature}</c> is an access key, and holds while the control database has it.</item>
/// </list>
/// </summary>
/// <remarks>
/// The newest signing key signs; what any of them signed is good, so a token of the form that it always had outlives a rotation. There are at most
/// <see cref="ControlStore.SigningKeysMax"/>, and the newest is tried first. Thread-safe; asks no database.
/// </remarks>
/// <param name="now">The keys that hold at present.</param>
public sealed class Keyring(Func<ControlKeys> now, TimeProvider clock)
{
    /// <summary>With the one key of a data folder that has no control database.</summary>
    public static Keyring Open(string dataFolder)
    {
        var keys = ControlKeys.OfFolder(dataFolder);
        return new Keyring(() => keys, TimeProvider.System);
    }

    public string Issue(Scopes scopes, string hunt, string subject) => Seal(now().Signs, "v1", ((int)scopes).ToString(CultureInfo.InvariantCulture), hunt, subject);

    /// <summary>The token of an access key.</summary>
    public string Issue(AccessKey key) => Seal(now().Verify.First(signing => signing.Id == key.SignedBy), "v2", key.Id);

    /// <returns>What the token grants; null where no key of ours signed it, or it was an access key and is none any more.</returns>
    public Grant? Read(string token)
    {
        var keys = now();
        if (Unseal(keys, "v1", token) is [var scopes, var hunt, var subject]) return new Grant((Scopes)int.Parse(scopes, CultureInfo.InvariantCulture), hunt, subject);
        return Unseal(keys, "v2", token) is [var id] && Find(keys, id) is { } key ? new Grant((Scopes)key.Scopes, key.Hunt, key.Name, key.Id) : null;
    }

    /// <summary>Whether a grant that was read some time ago would be read again.</summary>
    public bool Holds(Grant grant) => grant.Key is null || Find(now(), grant.Key) is not null;

    /// <summary>Says which key signs: the first bytes of its digest, in hexadecimal.</summary>
    public string KeyId => now().Signs.Id;

    /// <summary>Signs fields: <c>{kind}.{field}….{signature}</c>. Kinds are <c>v1</c> and <c>v2</c> for tokens, anything else for what is none.</summary>
    public string Seal(string kind, params ReadOnlySpan<string> fields) => Seal(now().Signs, kind, fields);

    static string Seal(SigningKey key, string kind, params ReadOnlySpan<string> fields)
    {
        var body = new StringBuilder(kind);
        foreach (var field in fields) body.Append('.').Append(Encode(field));
        var text = body.ToString();
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(key.Secret, Encoding.UTF8.GetBytes(text)))}";
    }

    /// <returns>The fields; null where none of our keys sealed them under this kind.</returns>
    public string[]? Unseal(string kind, string text) => Unseal(now(), kind, text);

    /// <summary>
    /// A number that nobody without the key can foresee, and that is always the same for the same words: it is drawn with the oldest key, so a rotation moves no lot, and only the retirement of that key does.
    /// </summary>
    public byte[] Draw(string purpose, string text) => HMACSHA256.HashData(now().Verify[^1].Secret, Encoding.UTF8.GetBytes($"{purpose}\0{text}"));

    static string[]? Unseal(ControlKeys keys, string kind, string text)
    {
        var parts = text.Split('.');
        if (parts.Length < 3 || parts[0] != kind) return null;
        Span<byte> claimed = stackalloc byte[HMACSHA256.HashSizeInBytes];
        // Not TryDecodeFromChars: that one throws on characters that are not base64url.
        if (Base64Url.DecodeFromChars(parts[^1], claimed, out _, out var length) != OperationStatus.Done || length != claimed.Length) return null;
        var body = Encoding.UTF8.GetBytes(text[..text.LastIndexOf('.')]);
        foreach (var key in keys.Verify)
            if (CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key.Secret, body), claimed)) return Array.ConvertAll(parts[1..^1], Decode);
        return null;
    }

    AccessKey? Find(ControlKeys keys, string id) => keys.Access.GetValueOrDefault(id) is { } key && !(key.UntilMs <= clock.GetUtcNow().ToUnixTimeMilliseconds()) ? key : null;

    static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    static string Decode(string text) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
}
