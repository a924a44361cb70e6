using Compat.Torch;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>What a model's training or validation step returns: MMCV's dictionary with <c>loss</c>, <c>num_samples</c> and <c>log_vars</c>.</summary>
[HoldsTensors("owner: the iteration's dispose scope")]
public sealed record StepOutputs
{
    /// <summary>Gets the loss that is trained on: one element that autograd knows. The optimizer hook needs it.</summary>
    /// <value>The default is <see langword="null"/>: the step updates the weights itself.</value>
    public Tensor? Loss { get; init; }

    /// <summary>Gets how many samples the batch had, which is the weight of the log values.</summary>
    /// <value>Needed if there are <see cref="LogVars"/>. The default is <see langword="null"/>.</value>
    public int? NumSamples { get; init; }

    /// <summary>Gets the values to log. Tensors stay on their device until a line is printed.</summary>
    /// <value>The default is <see langword="null"/>: nothing is logged.</value>
    public LogVars? LogVars { get; init; }

    /// <summary>Gets further tensors for hooks that look for them, by name.</summary>
    /// <value>The default is none.</value>
    public IReadOnlyDictionary<string, Tensor> Extras { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>Gets what a step returned, or says what is wrong.</summary>
    /// <param name="outputs">What it returned.</param>
    /// <param name="model">The name of the model, for the message.</param>
    /// <returns>The same.</returns>
    /// <exception cref="InvalidOperationException">It returned <see langword="null"/>.</exception>
    public static StepOutputs Require(StepOutputs? outputs, string model) => outputs
        ?? throw new InvalidOperationException(
            $"{model} returned null from its step. Write 'return new() {{ Loss = loss, NumSamples = count, LogVars = logVars }};', with what there is of the "
            + "three, or 'return new();' if nothing is logged and the model updates its weights itself.");

    /// <summary>Gets the names of what is present, as a user of the dictionary would see its keys.</summary>
    /// <returns>For example <c>num_samples, log_vars</c>.</returns>
    internal string PresentKeys()
    {
        string?[] keys =
        [
            Loss is null ? null : "loss",
            NumSamples is null ? null : "num_samples",
            LogVars is null ? null : "log_vars",
            .. Extras.Keys,
        ];
        return keys.All(key => key is null) ? "none" : string.Join(", ", keys.Where(key => key is not null));
    }

    /// <summary>Gets the loss, or says what is wrong.</summary>
    /// <param name="model">The name of the model, for the message.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Tensor RequireLoss(string model) => Loss
        ?? throw new KeyNotFoundException(
            $"{model}.TrainStep returned no loss. Keys present: {PresentKeys()}. "
            + "Set StepOutputs.Loss, or leave the optimizer hook out if the model updates its weights itself.");

    /// <summary>Gets the number of samples, or says what is wrong.</summary>
    /// <param name="model">The name of the model, for the message.</param>
    /// <returns>The number.</returns>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public int RequireNumSamples(string model) => NumSamples
        ?? throw new KeyNotFoundException(
            $"{model} returned log_vars without num_samples. Keys present: {PresentKeys()}. Set StepOutputs.NumSamples to the size of the batch.");
}
