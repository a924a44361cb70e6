using Compat.Torch;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>What a forward pass returned; which property is set follows from the <see cref="ForwardMode"/>.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public sealed class ForwardOutput
{
    internal ForwardOutput(LossDict losses) => Losses = losses;

    internal ForwardOutput(DataBatch predictions) => Predictions = predictions;

    internal ForwardOutput(Tensor tensor) => Tensor = tensor;

    /// <summary>Gets the losses, after <see cref="ForwardMode.Loss"/>.</summary>
    public LossDict? Losses { get; }

    /// <summary>Gets the predictions, after <see cref="ForwardMode.Predict"/>.</summary>
    public DataBatch? Predictions { get; }

    /// <summary>Gets the network's output, after <see cref="ForwardMode.Tensor"/>.</summary>
    public Tensor? Tensor { get; }
}
