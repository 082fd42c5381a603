using Veltrix.EventLog.Embedded;

namespace Veltrix.EventLog.Tests;

/// <summary>The embedded log keeps the contract.</summary>
public sealed class EmbeddedLogTests : EventLogContract
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-log-").FullName;

    protected override Task<IEventLogs> OpenLogs() => Task.FromResult<IEventLogs>(EmbeddedLogs.Open(folder, TimeProvider.System));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
