using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>Adagrad: <c>s ← s + g²</c>, <c>w ← w - lr / (1 + (t - 1) · lrDecay) · g / (√s + eps)</c>.</summary>
/// <remarks>State: <c>step</c>, <c>sum</c>. There is a fused kernel for the CPU alone. Source: PyTorch <c>torch.optim.Adagrad</c>.</remarks>
public sealed class FusedAdagrad : FusedOptimizer<FusedAdagradOptions>
{
    private const string Sum = "sum";

    /// <summary>Makes the optimizer.</summary>
    /// <param name="parameters">The parameters. Borrowed.</param>
    /// <param name="options">The settings; <see langword="null"/> for the defaults.</param>
    /// <param name="implementation">How to compute: fused on the CPU, or one parameter at a time. The default is <see cref="Implementation.Auto"/>.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or there is no parameter.</exception>
    public FusedAdagrad(IEnumerable<Parameter> parameters, FusedAdagradOptions? options = null, Implementation implementation = Implementation.Auto)
        : this([new(parameters, options ?? new())], implementation)
    {
    }

    /// <summary>Makes the optimizer with several groups.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="implementation">How to compute. The default is <see cref="Implementation.Auto"/>.</param>
    /// <param name="defaults">What holds for groups that are added without settings; <see langword="null"/> for the first group's settings.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or a parameter is listed twice.</exception>
    public FusedAdagrad(
        IEnumerable<ParameterGroup<FusedAdagradOptions>> groups, Implementation implementation = Implementation.Auto, FusedAdagradOptions? defaults = null)
        : base(groups, implementation, defaults)
    {
    }

    private protected override bool HasFusedKernelOnCuda => false;

    private protected override bool HasListOperations => false;

    private protected override IReadOnlyList<string> StateNames => ["step", Sum];

    // PyTorch's Adagrad has a state of every parameter from the beginning, and fails on one without: so those that had no gradient yet are saved too.
    private protected override PthDict EntriesOf(Parameter parameter)
    {
        if (StateOf(parameter).Has(Sum))
        {
            return base.EntriesOf(parameter);
        }

        Group own = (Group)_parameter_groups.Single(group => group.Parameters.Any(one => ReferenceEquals(one, parameter)));
        return new PthDict
        {
            ["step"] = new PthTensor(zeros([], ScalarType.Float32)),
            [Sum] = new PthTensor(full_like(HostRead.ToCpu(parameter.detach()), own.Settings.InitialAccumulatorValue)),
        };
    }

    private protected override ParamGroup MakeGroup(FusedAdagradOptions options) => new Group(options);

    private protected override PthDict OptionsOf(ParamGroup group)
    {
        FusedAdagradOptions settings = ((Group)group).Settings;
        return new PthDict
        {
            ["lr_decay"] = settings.LrDecay,
            ["eps"] = settings.Eps,
            ["weight_decay"] = settings.WeightDecay,
            ["initial_accumulator_value"] = settings.InitialAccumulatorValue,
            ["maximize"] = settings.Maximize,
        };
    }

    private protected override void SetOptions(ParamGroup group, PthDict options)
    {
        Group own = (Group)group;
        own.Settings = own.Settings with
        {
            LrDecay = OptimizerStateDict.Number(options, "lr_decay") ?? own.Settings.LrDecay,
            InitialAccumulatorValue = OptimizerStateDict.Number(options, "initial_accumulator_value") ?? own.Settings.InitialAccumulatorValue,
            Eps = OptimizerStateDict.Number(options, "eps") ?? own.Settings.Eps,
            WeightDecay = OptimizerStateDict.Number(options, "weight_decay") ?? own.Settings.WeightDecay,
            Maximize = OptimizerStateDict.Flag(options, "maximize") ?? own.Settings.Maximize,
        };
    }

    private protected override void Update(ParamGroup group, UpdateBatch batch, Implementation implementation)
    {
        Group own = (Group)group;
        FusedAdagradOptions settings = own.Settings;
        Tensor[] steps = batch.Steps(onDevice: false);
        Tensor[] sums = Sums(settings, batch);
        Tensor[] weights = [.. batch.Parameters];
        if (implementation == Implementation.Fused)
        {
            TorchKernels.Call(
                "fused_adagrad", weights, batch.Gradients, sums, steps, own.LearningRate, settings.LrDecay, settings.WeightDecay, settings.Eps,
                settings.Maximize, batch.GradScale, batch.FoundInf);
            return;
        }

        for (int i = 0; i < weights.Length; i++)
        {
            double count = HostRead.Local<float>(steps[i].add_(1));
            Tensor direction = settings.Maximize ? -batch.Gradients[i] : batch.Gradients[i];
            direction = settings.WeightDecay == 0 ? direction : direction.add(weights[i], alpha: settings.WeightDecay);
            double lr = own.LearningRate / (1 + ((count - 1) * settings.LrDecay));
            sums[i].addcmul_(direction, direction, value: 1);
            weights[i].addcdiv_(direction, sums[i].sqrt().add_(settings.Eps), value: -lr);
        }
    }

    private static Tensor[] Sums(FusedAdagradOptions settings, UpdateBatch batch)
    {
        for (int i = 0; i < batch.States.Length; i++)
        {
            if (!batch.States[i].Has(Sum))
            {
                batch.States[i].OfZeros(Sum, batch.Parameters[i]).fill_(settings.InitialAccumulatorValue);
            }
        }

        return batch.OfZeros(Sum);
    }

    private sealed class Group(FusedAdagradOptions settings) : ParamGroup
    {
        public FusedAdagradOptions Settings { get; set; } = settings;
    }
}
