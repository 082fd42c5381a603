namespace Veltrix.Kubernetes.Tests;

/// <summary>Waits for what becomes true by itself, with a deadline.</summary>
static class Eventually
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> True(Func<Task<bool>> holds, TimeSpan within, string otherwise)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            var passed = TimeProvider.System.GetElapsedTime(began);
            Assert.True(passed < within, $"{otherwise}, after {passed.TotalSeconds:0.0} s");
            await Task.Delay(Look);
        }

        return TimeProvider.System.GetElapsedTime(began);
    }

    /// <summary>The first that is not null.</summary>
    public static async Task<T> Some<T>(Func<Task<T?>> find, TimeSpan within, string otherwise) where T : class
    {
        T? found = null;
        await True(async () => (found = await find()) is not null, within, otherwise);
        return found!;
    }
}
