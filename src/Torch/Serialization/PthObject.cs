namespace Compat.Torch.Serialization;

/// <summary>An object of MMCV's or MMEngine's, a function, a type or a device: a name and what the file says of it, and nothing that runs.</summary>
public sealed record PthObject : PthValue
{
    internal PthObject(string name, PthValue? arguments = null)
    {
        Name = name;
        Arguments = arguments;
    }

    /// <summary>Gets the full name, for example <c>mmengine.logging.history_buffer.HistoryBuffer</c>.</summary>
    public string Name { get; }

    /// <summary>Gets what it was called with.</summary>
    /// <value><see langword="null"/> for a function or type that is only named.</value>
    public PthValue? Arguments { get; }

    /// <summary>Gets the entries of an object that is a dictionary too, such as MMCV's <c>ConfigDict</c>.</summary>
    /// <value><see langword="null"/> if the file gives none.</value>
    public PthDict? Entries { get; internal set; }

    /// <summary>Gets its attributes.</summary>
    /// <value><see langword="null"/> if the file gives none.</value>
    public PthValue? State { get; internal set; }
}
