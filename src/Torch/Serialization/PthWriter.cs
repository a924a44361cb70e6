using System.IO.Compression;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Writes the zip format as <c>torch.save</c> does, with nothing but safe types.</summary>
[HoldsTensors("owner: whoever writes; lives for one file")]
internal sealed class PthWriter : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly MemoryStream pickle = new();
    private readonly WriterStorages storages;

    /// <summary>Makes everything but the copies of the elements, so that what cannot be written is found before anything is.</summary>
    /// <param name="root">What to write. Borrowed.</param>
    /// <exception cref="PthException">A value is of a kind that is not written.</exception>
    public PthWriter(PthValue root)
    {
        try
        {
            storages = new WriterStorages(PthTree.TensorsOf(root));
            new PickleWriter(pickle, storages).Write(root);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes the file. Each entry gets its checksum.</summary>
    public void WriteTo(Stream stream)
    {
        using ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
        Entry(archive, "data.pkl", pickle.WriteTo);
        Entry(archive, "byteorder", target => target.Write("little"u8));
        foreach (WriterStorage storage in storages.All)
        {
            Entry(archive, $"data/{storage.Key}", storage.CopyTo);
        }

        Entry(archive, "version", target => target.Write("3\n"u8));
    }

    public void Dispose()
    {
        pickle.Dispose();
        scope.Dispose();
    }

    private static void Entry(ZipArchive archive, string name, Action<Stream> write)
    {
        using Stream target = archive.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();
        write(target);
    }
}
