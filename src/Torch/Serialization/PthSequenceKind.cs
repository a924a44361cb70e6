namespace Compat.Torch.Serialization;

/// <summary>Which of Python's sequences it is.</summary>
public enum PthSequenceKind
{
    /// <summary>A list.</summary>
    List,

    /// <summary>A tuple; <c>torch.Size</c> is read as one.</summary>
    Tuple,

    /// <summary>A set, in the order of the file.</summary>
    Set,
}
