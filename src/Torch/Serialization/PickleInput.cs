using System.Buffers.Binary;

namespace Compat.Torch.Serialization;

/// <summary>Reads the numbers, texts and bytes of a pickle. Every length is checked against what is left of the file before memory is taken for it.</summary>
internal sealed class PickleInput(Stream stream)
{
    private const int MaxLine = 1000;

    private readonly byte[] number = new byte[8];
    private readonly long length = stream.Length;

    public long Position => stream.Position;

    /// <summary>Reads an instruction; -1 at the end of the file.</summary>
    public int Instruction() => stream.ReadByte();

    public byte Byte() => Number(1)[0];

    public int UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Number(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Number(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Number(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Number(8));

    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Number(8));

    /// <summary>Reads bytes.</summary>
    /// <exception cref="PthException">There are fewer left.</exception>
    public byte[] Bytes(long count)
    {
        Require(count);
        byte[] bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Reads a name that ends with its line.</summary>
    /// <exception cref="PthException">It does not end, or is no UTF-8.</exception>
    public string Line()
    {
        List<byte> line = [];
        for (int letter = stream.ReadByte(); letter != '\n'; letter = stream.ReadByte())
        {
            if (letter < 0 || line.Count > MaxLine)
            {
                throw PickleFault.Of("a name without an end");
            }

            line.Add((byte)letter);
        }

        return PickleText.Decode([.. line]);
    }

    private ReadOnlySpan<byte> Number(int count)
    {
        Require(count);
        stream.ReadExactly(number.AsSpan(0, count));
        return number.AsSpan(0, count);
    }

    private void Require(long count)
    {
        if (count < 0 || count > length - stream.Position)
        {
            throw PickleFault.Of($"a value of {count} bytes, of which {length - stream.Position} are left");
        }
    }
}
