using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>One parameter group of an optimizer: its parameters and the values that schedules set.</summary>
/// <remarks>
/// In Python a group is an open dictionary; in TorchSharp it is typed. This view gives both sides the same names, and keeps what TorchSharp has no
/// place for (<see cref="InitialLr"/>, <see cref="InitialMomentum"/>). The same group always gives the same view.
/// </remarks>
[HoldsTensors("owner: the model, whose parameters these are")]
public sealed class OptimizerGroup
{
    private static readonly ConditionalWeakTable<optim.Optimizer, OptimizerGroup[]> Known = [];

    // TorchSharp gives no access to the defaults, and they are read once, when a wrapper is built.
    private static readonly FieldInfo? DefaultsField =
        typeof(OptimizerHelper).GetField("_defaults", BindingFlags.Instance | BindingFlags.NonPublic);

    private readonly ParamGroup group;
    private readonly Parameter[] parameters;

    private OptimizerGroup(ParamGroup group)
    {
        this.group = group;
        parameters = [.. group.Parameters];
    }

    /// <summary>Gets the parameters of the group. Borrowed.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>Gets or sets the learning rate.</summary>
    public double Lr
    {
        get => group.LearningRate;
        set => group.LearningRate = value;
    }

    /// <summary>Gets or sets the learning rate that schedules start from.</summary>
    /// <value><see langword="null"/> until a schedule has set it.</value>
    public double? InitialLr { get; set; }

    /// <summary>Gets the momentum, or the first beta of an optimizer that has betas.</summary>
    /// <value><see langword="null"/> for an optimizer with neither.</value>
    public double? Momentum => group switch
    {
        optim.IMomentum momentum => momentum.Momentum,
        optim.IBetas betas => betas.Betas.Item1,
        _ => null,
    };

    /// <summary>Gets or sets the momentum that schedules start from.</summary>
    /// <value><see langword="null"/> until a schedule has set it.</value>
    public double? InitialMomentum { get; set; }

    /// <summary>Gets the groups of an optimizer, in order.</summary>
    /// <param name="optimizer">
    /// One of ours, one of TorchSharp's that needs no closure, or an <see cref="IStatefulOptimizer"/> with TorchSharp's parameter groups.
    /// </param>
    /// <returns>The groups; the same objects at every call, until a group is added.</returns>
    /// <exception cref="NotSupportedException">The optimizer is of another kind; the message lists what there is.</exception>
    public static IReadOnlyList<OptimizerGroup> Of(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ICollection<ParamGroup> groups = optimizer is OptimizerHelper { ParamGroups: ICollection<ParamGroup> listed } && TorchSharpOptimizers.IsKnown(optimizer)
            ? listed
            : throw TorchSharpOptimizers.Unknown(optimizer);
        OptimizerGroup[]? known = Known.GetValue(optimizer, static _ => []);
        if (known.Length < groups.Count)
        {
            known = [.. known, .. groups.Skip(known.Length).Select(group => new OptimizerGroup(group))];
            Known.AddOrUpdate(optimizer, known);
        }

        return known;
    }

    /// <summary>Makes a group without parameters that holds an optimizer's default values, as MMEngine's virtual group.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <returns>The group; schedules may drive it like the others.</returns>
    public static OptimizerGroup OfDefaults(optim.Optimizer optimizer)
    {
        OptimizerOptions defaults = DefaultsField?.GetValue(optimizer) as OptimizerOptions
            ?? throw new NotSupportedException(
                $"{optimizer?.GetType().Name} does not keep its default values as TorchSharp's optimizers do. "
                + "Derive it from TorchSharp.Modules.OptimizerHelper.");
        OptimizerOptions values = new() { LearningRate = defaults.LearningRate, InitialLearningRate = defaults.InitialLearningRate };
        return new OptimizerGroup(new ParamGroup { Parameters = [], Options = values });
    }

    /// <summary>Drops the gradients of an optimizer's parameters, or fills them with zeros.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="setToNone">
    /// Whether gradients become null, as PyTorch ≥ 2 does; the default. With zeros, momentum and weight decay still move a parameter that gets no
    /// gradient any more.
    /// </param>
    public static void ClearGradients(optim.Optimizer optimizer, bool setToNone = true)
    {
        foreach (OptimizerGroup group in Of(optimizer))
        {
            foreach (Parameter parameter in group.parameters)
            {
                if (setToNone)
                {
                    parameter.grad = null;
                }
                else
                {
                    using Tensor? gradient = parameter.grad;
                    using Tensor? detached = gradient?.detach();
                    using Tensor? zeroed = detached?.zero_();         // TorchSharp gives another object for the same tensor
                }
            }
        }
    }
}
