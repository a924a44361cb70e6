using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Compat.Torch.Tests.Serialization;

/// <summary>Writes zip archives byte by byte, so that they can be wrong where a library would make them right.</summary>
internal sealed class RawZip
{
    private readonly MemoryStream content = new();
    private readonly MemoryStream directory = new();
    private int count;

    /// <summary>A file of torch.save: a pickle and storages named 0, 1, ….</summary>
    public static byte[] Pth(byte[] pickle, params byte[][] storages)
    {
        RawZip zip = new();
        zip.Add("archive/data.pkl", pickle);
        for (int i = 0; i < storages.Length; i++)
        {
            zip.Add($"archive/data/{i}", storages[i]);
        }

        return zip.ToArray();
    }

    /// <summary>Adds an entry with data of its own.</summary>
    /// <returns>Where the entry is.</returns>
    public uint Add(string name, byte[] data)
    {
        uint place = (uint)content.Position;
        content.Write(Header(0x04034b50, name, data, place));
        content.Write(data);
        AddName(name, data, place);
        return place;
    }

    /// <summary>Adds a name for data that is there already.</summary>
    public void AddName(string name, byte[] data, uint place)
    {
        directory.Write(Header(0x02014b50, name, data, place));
        count++;
    }

    public byte[] ToArray()
    {
        byte[] end = new byte[22];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), (ushort)count);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), (ushort)count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)directory.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(16), (uint)content.Length);
        return [.. content.ToArray(), .. directory.ToArray(), .. end];
    }

    // Both kinds of headers have the same fields from the version needed on; that of the directory has a few more.
    private static byte[] Header(uint signature, string name, byte[] data, uint place)
    {
        bool isLocal = signature == 0x04034b50;
        byte[] header = new byte[isLocal ? 30 : 46];
        Span<byte> fields = header.AsSpan(isLocal ? 4 : 6);
        BinaryPrimitives.WriteUInt32LittleEndian(header, signature);
        BinaryPrimitives.WriteUInt16LittleEndian(fields, 20);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[10..], Crc32.HashToUInt32(data));
        BinaryPrimitives.WriteUInt32LittleEndian(fields[14..], (uint)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(fields[18..], (uint)data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(fields[22..], (ushort)name.Length);
        if (!isLocal)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(42), place);
        }

        return [.. header, .. Encoding.ASCII.GetBytes(name)];
    }
}
