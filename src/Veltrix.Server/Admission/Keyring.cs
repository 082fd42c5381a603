using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

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
public sealed record Grant(Scopes Scopes, string Hunt, string Subject)
{
    public bool Allows(Scopes scope, string hunt) => (Scopes & scope) != 0 && (Hunt == "*" || Hunt == hunt);
}

/// <summary>
/// Signs tokens and reads them back. A token carries all it says, so any server with the key file can read it and none needs a store:
/// <c>v1.{scopes}.{hunt}.{subject}.{signature}</c>, the middle three base64url, the last HMAC-SHA256 over everything before it.
/// </summary>
/// <remarks>Tokens hold until the key file is replaced, which ends all of them at once. Thread-safe.</remarks>
public sealed class Keyring
{
    const int KeyBytes = 32;
    const string KeyFile = "token.key";

    readonly byte[] key;

    Keyring(byte[] key) => this.key = key;

    /// <summary>The key of a data folder, made at first use and readable by its owner only.</summary>
    public static Keyring Open(string dataFolder)
    {
        var path = Path.Combine(dataFolder, KeyFile);
        if (!File.Exists(path)) SecretFile.Write(path, Convert.ToHexString(RandomNumberGenerator.GetBytes(KeyBytes)));
        var text = File.ReadAllText(path).Trim();
        return text.Length == 2 * KeyBytes && text.All(char.IsAsciiHexDigit)
            ? new Keyring(Convert.FromHexString(text))
            : throw new InvalidDataException($"{path} is not a key of {2 * KeyBytes} hexadecimal digits. Put the right file back, or delete it and all tokens given out so far end.");
    }

    /// <summary>Gives a data folder the key of another, if it has none: servers with one key read each other's tokens.</summary>
    public static void Share(string from, string to)
    {
        var key = Path.Combine(to, KeyFile);
        if (!File.Exists(key)) SecretFile.Write(key, File.ReadAllText(Path.Combine(from, KeyFile)).Trim());
    }

    public string Issue(Scopes scopes, string hunt, string subject)
    {
        var body = $"v1.{Encode(((int)scopes).ToString())}.{Encode(hunt)}.{Encode(subject)}";
        return $"{body}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(body)))}";
    }

    /// <returns>What the token grants; null where this server did not sign it.</returns>
    public Grant? Read(string token)
    {
        var parts = token.Split('.');
        if (parts is not ["v1", var scopes, var hunt, var subject, var signature]) return null;
        Span<byte> claimed = stackalloc byte[HMACSHA256.HashSizeInBytes];
        // Not TryDecodeFromChars: that one throws on characters that are not base64url.
        if (Base64Url.DecodeFromChars(signature, claimed, out _, out var length) != OperationStatus.Done || length != claimed.Length) return null;
        var right = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(token[..token.LastIndexOf('.')]));
        return CryptographicOperations.FixedTimeEquals(right, claimed) ? new Grant((Scopes)int.Parse(Decode(scopes)), Decode(hunt), Decode(subject)) : null;
    }

    /// <summary>Says which key signed something: the first bytes of its digest, in hexadecimal.</summary>
    public string KeyId => Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, 4));

    /// <summary>Signs fields of any kind but tokens: <c>{kind}.{field}….{signature}</c>. A kind is never <c>v1</c>.</summary>
    public string Seal(string kind, params ReadOnlySpan<string> fields)
    {
        var body = new StringBuilder(kind);
        foreach (var field in fields) body.Append('.').Append(Encode(field));
        var text = body.ToString();
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)))}";
    }

    /// <returns>The fields; null where this key did not seal them under this kind.</returns>
    public string[]? Unseal(string kind, string text)
    {
        var parts = text.Split('.');
        if (parts.Length < 3 || parts[0] != kind) return null;
        Span<byte> claimed = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (Base64Url.DecodeFromChars(parts[^1], claimed, out _, out var length) != OperationStatus.Done || length != claimed.Length) return null;
        var right = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text[..text.LastIndexOf('.')]));
        return CryptographicOperations.FixedTimeEquals(right, claimed) ? Array.ConvertAll(parts[1..^1], Decode) : null;
    }

    /// <summary>A number that nobody without the key can foresee, and that is always the same for the same words.</summary>
    public byte[] Draw(string purpose, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{purpose}\0{text}"));

    static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    static string Decode(string text) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
}

/// <summary>Files that only their owner may read.</summary>
public static class SecretFile
{
    /// <summary>Writes it whole or not at all.</summary>
    public static void Write(string path, string text)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(path: unfinished, encoding: new UTF8Encoding(false), options: options)) writer.WriteLine(text);
        File.Move(unfinished, path, overwrite: true);
    }
}
