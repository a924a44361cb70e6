namespace Compat.Torch.Data;

/// <summary>A collection of samples that are read by position.</summary>
/// <remarks>
/// A sample is a <see cref="DataBatch"/> without the batch dimension: the dataset of <c>DigitsBatch(Image, Label)</c> gives an image of shape
/// 1×8×8 and a label of shape (), and <see cref="DefaultCollate"/> stacks them to N×1×8×8 and N.
/// </remarks>
public abstract class Dataset
{
    /// <summary>Gets the number of samples.</summary>
    public abstract int Count { get; }

    /// <summary>Gets one sample.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> - 1.</param>
    /// <returns>The sample; fresh tensors belong to the caller's dispose scope.</returns>
    public abstract DataBatch this[int index] { get; }
}
