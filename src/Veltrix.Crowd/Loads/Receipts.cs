using System.Text;

namespace Veltrix.Crowd;

/// <summary>
/// Writes every acknowledged command id to a file, one a line. What is written reaches the system within 100 ms, so that it outlives a killed server and a killed run.
/// Any thread.
/// </summary>
sealed class Receipts : IDisposable
{
    static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(50);

    readonly Lock gate = new();
    readonly StreamWriter writer;
    readonly Timer flush;
    bool disposed;

    public Receipts(string path)
    {
        try
        {
            writer = new StreamWriter(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read), new UTF8Encoding(false), 64 * 1024) { NewLine = "\n" };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CrowdException($"{path}: receipts cannot be written there: {e.Message}", e);
        }

        flush = new Timer(_ => Flush(), null, FlushEvery, FlushEvery);
    }

    public void Write(string command)
    {
        lock (gate)
        {
            if (!disposed)
                writer.WriteLine(command);
        }
    }

    public void Dispose()
    {
        flush.Dispose();
        lock (gate)
        {
            if (disposed)
                return;
            disposed = true;
            writer.Dispose();
        }
    }

    void Flush()
    {
        lock (gate)
        {
            if (!disposed)
                writer.Flush();
        }
    }
}
