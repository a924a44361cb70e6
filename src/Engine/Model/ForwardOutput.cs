using Compat.Torch;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>What a forward pass returned; which property can be read follows from the <see cref="ForwardMode"/>.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public sealed class ForwardOutput
{
    private readonly LossDict? losses;
    private readonly DataBatch? predictions;
    private readonly Tensor? tensor;

    internal ForwardOutput(LossDict losses) => (this.losses, Mode) = (losses, ForwardMode.Loss);

    internal ForwardOutput(DataBatch predictions) => (this.predictions, Mode) = (predictions, ForwardMode.Predict);

    internal ForwardOutput(Tensor tensor) => (this.tensor, Mode) = (tensor, ForwardMode.Tensor);

    /// <summary>Gets what the forward pass was for.</summary>
    public ForwardMode Mode { get; }

    /// <summary>Gets the losses, after <see cref="ForwardMode.Loss"/>. Borrowed.</summary>
    /// <exception cref="InvalidOperationException">The model was run in another mode.</exception>
    public LossDict Losses => losses ?? throw Absent(nameof(Losses), ForwardMode.Loss);

    /// <summary>Gets the predictions, after <see cref="ForwardMode.Predict"/>. Borrowed.</summary>
    /// <exception cref="InvalidOperationException">The model was run in another mode.</exception>
    public DataBatch Predictions => predictions ?? throw Absent(nameof(Predictions), ForwardMode.Predict);

    /// <summary>Gets the network's output, after <see cref="ForwardMode.Tensor"/>. Borrowed.</summary>
    /// <exception cref="InvalidOperationException">The model was run in another mode.</exception>
    public Tensor Tensor => tensor ?? throw Absent(nameof(Tensor), ForwardMode.Tensor);

    private string Present => Mode switch
    {
        ForwardMode.Loss => nameof(Losses),
        ForwardMode.Predict => nameof(Predictions),
        _ => nameof(Tensor),
    };

    private InvalidOperationException Absent(string property, ForwardMode needed) => Mode == needed
        ? new($"The model returned null when it was run with ForwardMode.{Mode}, so there is no {property}. Let it return what its signature says.")
        : new($"{property} was read, but the model was run with ForwardMode.{Mode}. Read {Present}, or call Forward with ForwardMode.{needed}.");
}
