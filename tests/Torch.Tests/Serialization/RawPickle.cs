using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Compat.Torch.Tests.Serialization;

/// <summary>Writes pickles instruction by instruction.</summary>
internal sealed class RawPickle
{
    private readonly MemoryStream bytes = new();

    /// <summary>Adds instructions; each letter is a byte.</summary>
    public RawPickle Add(string latin)
    {
        bytes.Write(Encoding.Latin1.GetBytes(latin));
        return this;
    }

    public RawPickle Repeat(int times, string latin)
    {
        byte[] part = Encoding.Latin1.GetBytes(latin);
        for (int i = 0; i < times; i++)
        {
            bytes.Write(part);
        }

        return this;
    }

    public RawPickle Repeat(int times, Action<RawPickle, int> add)
    {
        for (int i = 0; i < times; i++)
        {
            add(this, i);
        }

        return this;
    }

    public RawPickle Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public RawPickle Text(byte[] utf8)
    {
        Add("X");
        Int32(utf8.Length);
        bytes.Write(utf8);
        return this;
    }

    public RawPickle Int(int number) => Add("J").Int32(number);

    public RawPickle Float(long bits)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, bits);
        Add("G");
        bytes.Write(eight);
        return this;
    }

    public RawPickle Int32(int number)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(four, number);
        bytes.Write(four);
        return this;
    }

    /// <summary>A storage as torch.save refers to it.</summary>
    public RawPickle Storage(int key, long count, string type = "FloatStorage") =>
        Add("(").Text("storage").Add($"ctorch\n{type}\n").Text(key.ToString(CultureInfo.InvariantCulture)).Text("cpu").Int((int)count).Add("tQ");

    /// <summary>The whole pickle.</summary>
    public byte[] End()
    {
        Add(".");
        return bytes.ToArray();
    }
}
