using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Where a run stands when something in it fails.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public sealed record FailureContext
{
    /// <summary>Gets which of the two ways of training it is: <c>engine</c> or <c>legacy</c>.</summary>
    public required string Side { get; init; }

    /// <summary>Gets the name of the model's class.</summary>
    public required string Model { get; init; }

    /// <summary>Gets the model itself, whose parameters are described beside the batch. Borrowed.</summary>
    /// <value>The default is <see langword="null"/>: they are not described.</value>
    public nn.Module? Module { get; init; }

    /// <summary>Gets the number of finished epochs.</summary>
    public required int Epoch { get; init; }

    /// <summary>Gets the number of finished training iterations.</summary>
    public required int Iteration { get; init; }

    /// <summary>Gets which step is being made, for example <c>step</c> or <c>validation step</c>.</summary>
    /// <value><see langword="null"/>, the default, between iterations.</value>
    public string? Step { get; init; }

    /// <summary>Gets the hook that is being called, and its point (see <see cref="HookRegistry{THook, TPoint}.Running"/>).</summary>
    /// <value><see langword="null"/>, the default, if none is.</value>
    public string? Hook { get; init; }

    /// <summary>Gets the batch of the step. Borrowed.</summary>
    /// <value><see langword="null"/>, the default, between iterations.</value>
    public DataBatch? Batch { get; init; }
}
