using System.Security.Cryptography;
using System.Text;

namespace Veltrix.Governor.Sidecar;

/// <summary>The token of the control plane: who has it may apply limits, change policies and pin. It is in a file that only its owner may read, and nowhere else.</summary>
public sealed class ControlToken
{
    readonly byte[] digest;

    ControlToken(string token, string file) => (digest, File) = (SHA256.HashData(Encoding.UTF8.GetBytes(token)), file);

    public string File { get; }

    /// <summary>Reads the file, or makes one with a new token.</summary>
    /// <exception cref="IOException">It can neither be read nor made, or is empty.</exception>
    public static ControlToken Open(string file)
    {
        if (!System.IO.File.Exists(file)) Make(file);
        var token = System.IO.File.ReadAllText(file).Trim();
        if (token.Length < 16) throw new IOException($"The control token in {file} has {token.Length} characters; at least 16 are needed. Delete the file, and a new one is made.");
        return new ControlToken(token, file);
    }

    /// <param name="authorization">The header's value: <c>Bearer …</c></param>
    public bool Admits(string? authorization) =>
        authorization?.StartsWith("Bearer ", StringComparison.Ordinal) == true
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(authorization["Bearer ".Length..].Trim())), digest);

    static void Make(string file)
    {
        if (Path.GetDirectoryName(file) is { Length: > 0 } folder) Directory.CreateDirectory(folder);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var aside = $"{file}.{Environment.ProcessId}.{RandomNumberGenerator.GetHexString(4)}.new";
        using (var writer = new StreamWriter(path: aside, encoding: new UTF8Encoding(false), options: options)) writer.WriteLine(RandomNumberGenerator.GetHexString(64, lowercase: true));
        try
        {
            // Two processes that start together agree on whichever came first.
            System.IO.File.Move(aside, file, overwrite: false);
        }
        catch (IOException) when (System.IO.File.Exists(file))
        {
            System.IO.File.Delete(aside);
        }
    }
}
