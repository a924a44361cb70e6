namespace Compat.Torch.Training;

/// <summary>Receives a value that was pending, once it has been read.</summary>
public interface IScalarSink
{
    /// <summary>Takes the value for a place that was reserved for it.</summary>
    /// <param name="slot">The place.</param>
    /// <param name="value">The value.</param>
    void Resolve(int slot, double value);
}
