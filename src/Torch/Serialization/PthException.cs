namespace Compat.Torch.Serialization;

/// <summary>A <c>.pth</c> file cannot be read, or a value cannot be written to one.</summary>
public sealed class PthException : IOException
{
    /// <summary>Makes the exception without details.</summary>
    public PthException()
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    public PthException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public PthException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
