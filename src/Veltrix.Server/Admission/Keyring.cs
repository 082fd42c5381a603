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
    readonly byte[] key;

    Keyring(byte[] key) => this.key = key;

    /// <summary>The key of a data folder, made at first use and readable by its owner only.</summary>
    public static Keyring Open(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "token.key");
        if (!File.Exists(path)) SecretFile.Write(path, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        try
        {
            return new Keyring(Convert.FromHexString(File.ReadAllText(path).Trim()));
        }
        catch (FormatException)
        {
            throw new InvalidDataException($"{path} is not a key of 64 hexadecimal digits. Put the right file back, or delete it and all tokens given out so far end.");
        }
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
        if (!Base64Url.TryDecodeFromChars(signature, claimed, out var length) || length != claimed.Length) return null;
        var right = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(token[..token.LastIndexOf('.')]));
        return CryptographicOperations.FixedTimeEquals(right, claimed) ? new Grant((Scopes)int.Parse(Decode(scopes)), Decode(hunt), Decode(subject)) : null;
    }

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
