using System.Buffers.Binary;
using System.Text;
using Veltrix.Cli.Chaos;

namespace Veltrix.Cli.Tests.Breaking;

public class AdvertisedAddressTests
{
    const int Broker = 29_492;
    const int Wire = 29_441;

    [Fact]
    public void It_is_found_wherever_reads_begin_and_end()
    {
        byte[] came = [0, 0, 1, 10, .. Address(Broker), 3, 0, 9, .. Address(Broker), 0], goes = [0, 0, 1, 10, .. Address(Wire), 3, 0, 9, .. Address(Wire), 0];
        for (var first = 0; first <= came.Length; first++)
            for (var second = first; second <= came.Length; second++)
            {
                var (bytes, advertised) = (came.ToArray(), new AdvertisedAddress(Broker, Wire));
                Assert.Equal(2, advertised.Replace(bytes.AsSpan(..first)) + advertised.Replace(bytes.AsSpan(first..second)) + advertised.Replace(bytes.AsSpan(second..)));
                Assert.Equal(goes, bytes);
            }
    }

    [Fact]
    public void What_begins_like_it_does_not_hide_it_and_another_address_stays()
    {
        byte[] came = [.. "127.0.0.127.0.0."u8, .. Address(Broker), .. Address(Broker + 1), .. Address(Wire), .. "127.0.0.1:29492"u8];
        byte[] goes = [.. "127.0.0.127.0.0."u8, .. Address(Wire), .. Address(Broker + 1), .. Address(Wire), .. "127.0.0.1:29492"u8];
        Assert.Equal(1, new AdvertisedAddress(Broker, Wire).Replace(came));
        Assert.Equal(goes, came);
    }

    [Theory, InlineData(29_492), InlineData(1_024), InlineData(65_535), InlineData(255)]
    public void Every_port_for_a_wire_will_do_and_none_is_the_brokers(int broker)
    {
        var ports = AdvertisedAddress.Block(broker).ToList();
        Assert.InRange(ports.Count, 254, 255);
        Assert.DoesNotContain(broker, ports);
        Assert.All(ports, port => Assert.NotNull(new AdvertisedAddress(broker, port)));
    }

    static byte[] Address(int port)
    {
        var bytes = new byte[13];
        Encoding.ASCII.GetBytes("127.0.0.1", bytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(9), port);
        return bytes;
    }
}
