using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>A file that <c>torch.save</c> wrote, read without running anything in it; and files that <c>torch.load</c> reads.</summary>
/// <remarks>
/// Read are the zip format and the older stream. Written is the zip format with safe types only, which <c>torch.load(weights_only=True)</c> takes. Source:
/// PyTorch <c>torch.serialization</c>.
/// </remarks>
/// <example><code>using PthFile file = PthFile.Read("epoch_3.pth"); PthDict weights = (PthDict)((PthDict)file.Root)["state_dict"];</code></example>
[HoldsTensors("owner: this file; freed by its Dispose")]
public sealed class PthFile : IDisposable
{
    private readonly IReadOnlyCollection<Tensor> tensors;

    private PthFile(PthValue root, IReadOnlyCollection<Tensor> tensors)
    {
        Root = root;
        this.tensors = tensors;
    }

    /// <summary>Gets what the file holds, usually a dictionary.</summary>
    public PthValue Root { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The content; disposing it frees the tensors.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="PthException">The file is damaged, of another kind, or uses a class that is not read.</exception>
    public static PthFile Read(string path) => Read(path, new PthReadOptions());

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is read.</param>
    /// <returns>The content; disposing it frees the tensors.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="PthException">The file is damaged, of another kind, or uses a class that is not read.</exception>
    public static PthFile Read(string path, PthReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(options);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, $"'{path}'", options, new ReadBudget(stream.Length));
    }

    /// <summary>Reads the content of a file from a stream, for example from memory.</summary>
    /// <param name="stream">The stream, at its start; it can seek. Borrowed.</param>
    /// <returns>The content; disposing it frees the tensors.</returns>
    /// <exception cref="PthException">The content is damaged, of another kind, or uses a class that is not read.</exception>
    public static PthFile Read(Stream stream) => Read(stream, new PthReadOptions());

    /// <summary>Reads the content of a file from a stream, for example from memory.</summary>
    /// <param name="stream">The stream, at its start; it can seek. Borrowed.</param>
    /// <param name="options">How it is read.</param>
    /// <returns>The content; disposing it frees the tensors.</returns>
    /// <exception cref="PthException">The content is damaged, of another kind, or uses a class that is not read.</exception>
    public static PthFile Read(Stream stream, PthReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        return Read(stream, "The stream", options, new ReadBudget(stream.Length));
    }

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <param name="path">The file; it is replaced if it exists.</param>
    /// <param name="root">What to write. Tensors that share a storage share it in the file. Borrowed.</param>
    /// <exception cref="PthException">A value is of a kind that is not written; the old file stays as it is.</exception>
    public static void Write(string path, PthValue root)
    {
        ArgumentNullException.ThrowIfNull(root);
        using PthWriter writer = new(root);
        AtomicFile.Write(path, writer.WriteTo);
    }

    /// <summary>Writes the content of a file to a stream, for example to memory.</summary>
    /// <param name="stream">The stream. Borrowed.</param>
    /// <param name="root">What to write. Borrowed.</param>
    /// <exception cref="PthException">A value is of a kind that is not written; nothing is written then.</exception>
    public static void Write(Stream stream, PthValue root)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(root);
        using PthWriter writer = new(root);
        writer.WriteTo(stream);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in tensors)
        {
            tensor.Dispose();
        }
    }

    // The budget is handed in so that a test can look at what was taken.
    internal static PthFile Read(Stream stream, string source, PthReadOptions options, ReadBudget budget)
    {
        using DisposeScope scope = NewDisposeScope();
        try
        {
            PthValue root = ZipPthReader.IsZip(stream) ? ZipPthReader.Read(stream, options, budget) : StreamPthReader.Read(stream, budget);
            IReadOnlyCollection<Tensor> tensors = PthTree.TensorsOf(root);
            scope.Detach(tensors);
            return new PthFile(root, tensors);
        }
        catch (PthException exception)
        {
            throw new PthException($"{source} cannot be read. {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or ArithmeticException or ArgumentException or ExternalException)
        {
            throw new PthException($"{source} cannot be read: {exception.Message} It is damaged or no file of torch.save.", exception);
        }
    }
}
