using Veltrix.EventLog.Kafka;

namespace Veltrix.EventLog.Tests;

/// <summary>The log on Kafka keeps the contract, on a real broker.</summary>
public sealed class KafkaLogTests(SharedKafka kafka) : EventLogContract
{
    readonly string prefix = $"t{Guid.NewGuid():N}";

    protected override async Task<IEventLogs> OpenLogs() => KafkaLogs.Open(await kafka.Options(prefix), TimeProvider.System);
}
