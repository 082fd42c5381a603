using System.Security.Cryptography;

namespace Veltrix.Server.Scoring;

/// <summary>
/// A hunt's checkpoints on disk: <c>{position}.checkpoint</c>, a SHA-256 digest and then the fold. They only make a start faster; a missing, torn or foreign one is passed over.
/// </summary>
public sealed class Checkpoints(string folder)
{
    const int Kept = 2;
    const string Ending = ".checkpoint";

    /// <summary>Writes one so that a kill at any moment leaves the old ones: a temporary file, synced, then renamed.</summary>
    /// <exception cref="IOException">The disk is full or gone. The hunt can go on without.</exception>
    public void Write(long position, byte[] fold)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, position.ToString("D20") + Ending);
        var unfinished = path + ".new";
        using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write))
        {
            file.Write(SHA256.HashData(fold));
            file.Write(fold);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
        foreach (var old in Newest().Skip(Kept)) File.Delete(old);
    }

    /// <summary>The newest whole one at or before <paramref name="end"/> that this version can read, or nothing folded.</summary>
    /// <param name="end">Where the ledger ends: a checkpoint beyond it belongs to another ledger, or the disk lost something.</param>
    public Folded Newest(long end)
    {
        foreach (var path in Newest())
            if (TryRead(path) is { } folded && folded.Position <= end) return folded;
        return Folded.Nothing;
    }

    /// <summary>All readable ones, newest first.</summary>
    public IEnumerable<(long Position, byte[] Fold)> All() =>
        from path in Newest()
        let fold = TryReadBytes(path)
        where fold is not null
        select (long.Parse(Path.GetFileNameWithoutExtension(path)), fold);

    string[] Newest()
    {
        if (!Directory.Exists(folder)) return [];
        var paths = Directory.GetFiles(folder, "*" + Ending);
        Array.Sort(paths, (a, b) => string.CompareOrdinal(b, a));
        return paths;
    }

    static Folded? TryRead(string path)
    {
        try
        {
            return TryReadBytes(path) is { } fold ? CheckpointCodec.Decode(fold) : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    static byte[]? TryReadBytes(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var whole = bytes.Length > SHA256.HashSizeInBytes
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes)), bytes.AsSpan(0, SHA256.HashSizeInBytes));
        return whole ? bytes[SHA256.HashSizeInBytes..] : null;
    }
}
