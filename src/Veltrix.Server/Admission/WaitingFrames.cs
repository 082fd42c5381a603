using System.Buffers;
using System.Text.Json;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server.Live;

namespace Veltrix.Server.Admission;

/// <summary>
/// What those who wait on a socket are shown: where they stand, and the board's top moving. The first frame answers the hello; the others come every <c>waiting.frames</c>, each at its own
/// moment. The top is written once for all who are due.
/// </summary>
sealed class WaitingFrames(LiveHunt hunt, Admissions house)
{
    /// <summary>Rows of the board that those who wait see move.</summary>
    const int TopRows = 10;

    /// <param name="id">Of the hello.</param>
    public void First(Visit visit, long id, WaitingCard card)
    {
        visit.NextFrame = house.Clock.GetTimestamp() + Every();
        visit.Outbox.Post(Frame(id, card, Top()));
    }

    public void SendDue(IReadOnlyList<Visit> visits, Func<Visit, WaitingCard> card)
    {
        var now = house.Clock.GetTimestamp();
        byte[]? top = null;
        foreach (var visit in visits)
        {
            if (visit.NextFrame > now) continue;
            visit.NextFrame = now + Every();
            visit.Outbox.Post(Frame(null, card(visit), top ??= Top()));
        }
    }

    long Every() => (long)(house.Settings.Get(Keys.WaitingFrames, hunt.Id).TotalSeconds * house.Clock.TimestampFrequency);

    static byte[] Frame(long? id, WaitingCard card, byte[] top) => Frames.Make(id, "waiting"u8, json =>
    {
        card.Write(json);
        json.WritePropertyName("top"u8);
        json.WriteRawValue(top, skipInputValidation: true);
    });

    byte[] Top() => hunt.View.Read((state, board) =>
    {
        var rows = new BoardRow[TopRows];
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes, Frames.Writing))
        {
            json.WriteStartArray();
            BoardFrames.WriteRows(json, rows.AsSpan(0, board.Top(rows)), state);
            json.WriteEndArray();
        }

        return bytes.WrittenSpan.ToArray();
    });
}
