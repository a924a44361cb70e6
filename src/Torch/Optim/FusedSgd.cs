using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>
/// Stochastic gradient descent: <c>b ← momentum · b + (1 - dampening) · (g + weightDecay · w)</c>, at the first update <c>b ← g + weightDecay · w</c>;
/// <c>w ← w - lr · b</c>, with Nesterov <c>w ← w - lr · (g + momentum · b)</c>.
/// </summary>
/// <remarks>State: <c>momentum_buffer</c>. Source: PyTorch <c>torch.optim.SGD</c>.</remarks>
public sealed class FusedSgd : FusedOptimizer<FusedSgdOptions>
{
    private const string Buffer = "momentum_buffer";

    /// <summary>Makes the optimizer.</summary>
    /// <param name="parameters">The parameters. Borrowed.</param>
    /// <param name="options">The settings.</param>
    /// <param name="implementation">How to compute. The default is <see cref="Implementation.Auto"/>.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or there is no parameter.</exception>
    public FusedSgd(IEnumerable<Parameter> parameters, FusedSgdOptions options, Implementation implementation = Implementation.Auto)
        : this([new(parameters, options)], implementation)
    {
    }

    /// <summary>Makes the optimizer with several groups.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="implementation">How to compute. The default is <see cref="Implementation.Auto"/>.</param>
    /// <param name="defaults">What holds for groups that are added without settings; <see langword="null"/> for the first group's settings.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or a parameter is listed twice.</exception>
    public FusedSgd(
        IEnumerable<ParameterGroup<FusedSgdOptions>> groups, Implementation implementation = Implementation.Auto, FusedSgdOptions? defaults = null)
        : base(groups, implementation, defaults)
    {
    }

    // With dampening a first update is another one than the next, and only the device would know that the first was left out.
    internal override bool SkipsByItself => base.SkipsByItself && _parameter_groups.Cast<Group>().All(group => group.Momentum == 0 || group.Settings.Dampening == 0);

    private protected override IReadOnlyList<string> StateNames => [Buffer];

    private protected override ParamGroup MakeGroup(FusedSgdOptions options) => new Group(options);

    private protected override PthDict OptionsOf(ParamGroup group)
    {
        Group own = (Group)group;
        return new PthDict
        {
            ["momentum"] = own.Momentum,
            ["dampening"] = own.Settings.Dampening,
            ["weight_decay"] = own.Settings.WeightDecay,
            ["nesterov"] = own.Settings.Nesterov,
            ["maximize"] = own.Settings.Maximize,
        };
    }

    private protected override void SetOptions(ParamGroup group, PthDict options)
    {
        Group own = (Group)group;
        own.Momentum = OptimizerStateDict.Number(options, "momentum") ?? own.Momentum;
        own.Settings = own.Settings with
        {
            Dampening = OptimizerStateDict.Number(options, "dampening") ?? own.Settings.Dampening,
            WeightDecay = OptimizerStateDict.Number(options, "weight_decay") ?? own.Settings.WeightDecay,
            Nesterov = OptimizerStateDict.Flag(options, "nesterov") ?? own.Settings.Nesterov,
            Maximize = OptimizerStateDict.Flag(options, "maximize") ?? own.Settings.Maximize,
        };
    }

    private protected override void Update(ParamGroup group, UpdateBatch batch, Implementation implementation)
    {
        Group own = (Group)group;
        bool hasBuffers = own.Momentum != 0;

        // Without dampening a first update is the same as one on a buffer of zeros, bit for bit.
        if (!hasBuffers || own.Settings.Dampening == 0)
        {
            Run(own, batch, hasBuffers ? batch.OfZeros(Buffer) : UpdateBatch.None, first: false, implementation);
            return;
        }

        (UpdateBatch later, UpdateBatch first) = batch.Split(state => state.Has(Buffer));
        if (first.Parameters.Length > 0)
        {
            Run(own, first, first.OfZeros(Buffer), first: true, implementation);
        }

        if (later.Parameters.Length > 0)
        {
            Run(own, later, later.OfZeros(Buffer), first: false, implementation);
        }
    }

    private static void Run(Group group, UpdateBatch batch, Tensor[] buffers, bool first, Implementation implementation)
    {
        FusedSgdOptions settings = group.Settings;
        Tensor[] weights = [.. batch.Parameters];
        switch (implementation)
        {
            case Implementation.Fused:
                TorchKernels.Call(
                    "fused_sgd", weights, batch.Gradients, buffers, group.LearningRate, group.Momentum, settings.Dampening, settings.WeightDecay,
                    settings.Nesterov, settings.Maximize, first, batch.GradScale, batch.FoundInf);
                break;
            case Implementation.Foreach:
                TorchKernels.Call(
                    "foreach_sgd", weights, batch.Gradients, buffers, group.LearningRate, group.Momentum, settings.Dampening, settings.WeightDecay,
                    settings.Nesterov, settings.Maximize, first);
                break;
            default:
                for (int i = 0; i < weights.Length; i++)
                {
                    UpdateOne(group, weights[i], batch.Gradients[i], buffers.Length == 0 ? null : buffers[i], first);
                }

                break;
        }
    }

    private static void UpdateOne(Group group, Tensor weight, Tensor gradient, Tensor? buffer, bool first)
    {
        FusedSgdOptions settings = group.Settings;
        Tensor step = settings.Maximize ? -gradient : gradient;
        step = settings.WeightDecay == 0 ? step : step.add(weight, alpha: settings.WeightDecay);
        if (buffer is not null)
        {
            _ = first ? buffer.copy_(step) : buffer.mul_(group.Momentum).add_(step, alpha: 1 - settings.Dampening);
            step = settings.Nesterov ? step.add(buffer, alpha: group.Momentum) : buffer;
        }

        weight.add_(step, alpha: -group.LearningRate);
    }

    private sealed class Group(FusedSgdOptions settings) : ParamGroup, optim.IMomentum
    {
        public FusedSgdOptions Settings { get; set; } = settings;

        public double Momentum { get; set; } = settings.Momentum;
    }
}
