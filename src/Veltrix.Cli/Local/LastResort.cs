namespace Veltrix.Cli;

/// <summary>
/// Whoever tells a server to end waits for it: hunters who were sent away, and the keeper that starts the next one. So whatever it hangs in, a library or a log that does not answer, it is gone after
/// <see cref="EndWithin"/>, and says what it was waiting for. That loses nothing: what was acknowledged is durable, and whoever comes after it is used to servers that crash.
/// </summary>
sealed class LastResort : IDisposable
{
    public static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(10);

    readonly ManualResetEventSlim ended = new();
    readonly CancellationTokenRegistration told;

    /// <param name="cancel">Cancelled when the process is told to end.</param>
    /// <param name="waitsFor">In words, from any thread.</param>
    public LastResort(Terminal terminal, Func<string> waitsFor, CancellationToken cancel) => told = cancel.Register(() =>
    {
        // The pool's own threads may be what hangs.
        var thread = new Thread(() =>
        {
            if (ended.Wait(EndWithin)) return;
            terminal.Say($"veltrix: not ended {EndWithin.TotalSeconds:0} s after it was told to, still waiting for {waitsFor()}: ended now as by a crash. What was acknowledged is safe.");
            terminal.Crash?.Invoke();
        }) { IsBackground = true, Name = "last resort" };
        thread.Start();
    });

    public void Dispose()
    {
        ended.Set();
        told.Dispose();
    }
}
