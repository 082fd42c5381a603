using System.Security.Cryptography;
using Veltrix.Hosting;

namespace Veltrix.Control;

/// <summary>What tokens are signed with. The newest signs; all of them verify until they are retired. Times are milliseconds since 1970.</summary>
public sealed record SigningKey
{
    const int SecretBytes = 32;

    /// <summary>Counts 1, 2, 3 …: the order of keys does not hang on the clocks of the servers that made them.</summary>
    public required int Number { get; init; }

    /// <summary>The first bytes of the secret's digest, in hexadecimal: says which key it is and nothing about it.</summary>
    public required string Id { get; init; }

    public required byte[] Secret { get; init; }

    public required long MadeMs { get; init; }

    public required string MadeBy { get; init; }

    public required string Why { get; init; }

    /// <summary>From then on nothing it signed holds; null: still good.</summary>
    public long? RetiredMs { get; init; }

    public string? RetiredBy { get; init; }

    public string? RetiredWhy { get; init; }

    public static SigningKey Of(byte[] secret, int number, DateTimeOffset now, string who, string why) => new()
    {
        Number = number, Id = Convert.ToHexStringLower(SHA256.HashData(secret).AsSpan(0, 4)), Secret = secret, MadeMs = now.ToUnixTimeMilliseconds(), MadeBy = who, Why = why,
    };

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    /// <summary>The secret in <c>token.key</c> of a data folder, or null where there is no such file.</summary>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static byte[]? ReadSecret(string dataFolder)
    {
        var path = SecretPath(dataFolder);
        if (!File.Exists(path)) return null;
        var text = File.ReadAllText(path).Trim();
        return text.Length == 2 * SecretBytes && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new InvalidDataException($"{path} is not a key of {2 * SecretBytes} hexadecimal digits. Put the right file back, or delete it and all tokens given out so far end.");
    }

    /// <summary>The same as a key, made at first use and readable by its owner only.</summary>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static SigningKey OfFile(string dataFolder)
    {
        var path = SecretPath(dataFolder);
        if (!File.Exists(path)) SecretFile.Write(path, Convert.ToHexString(NewSecret()));
        return Of(ReadSecret(dataFolder)!, 1, File.GetLastWriteTimeUtc(path), Environment.MachineName, "the key in token.key");
    }

    /// <summary>Gives a data folder the key of another, if it has none: servers with one key read each other's tokens.</summary>
    public static void Share(string from, string to)
    {
        if (!File.Exists(SecretPath(to))) SecretFile.Write(SecretPath(to), File.ReadAllText(SecretPath(from)).Trim());
    }

    static string SecretPath(string dataFolder) => Path.Combine(dataFolder, "token.key");
}
