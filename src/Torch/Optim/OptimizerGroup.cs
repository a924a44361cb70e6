using System.Reflection;
using System.Runtime.CompilerServices;
using Compat.Torch.Serialization;
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
    private readonly GroupSettings settings;
    private readonly string owner;
    private readonly OptionFinder options;
    private readonly Parameter[] parameters;
    private readonly OrderedDictionary<string, double> initials = [];

    private OptimizerGroup(ParamGroup group, GroupSettings settings, string owner)
    {
        this.group = group;
        this.settings = settings;
        this.owner = owner;
        options = new OptionFinder(this, group, settings);
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
    public double? InitialLr
    {
        get => InitialOf("lr");
        set => SetInitial("lr", value);
    }

    /// <summary>Gets or sets the momentum, or the first beta of an optimizer that has betas.</summary>
    /// <value><see langword="null"/> for an optimizer with neither.</value>
    /// <exception cref="ArgumentException">It is set, but the optimizer has neither.</exception>
    public double? Momentum
    {
        get => options.Find(OptimizerOption.Momentum)?.Current;
        set => Find(OptimizerOption.Momentum).Current =
            value ?? throw new ArgumentNullException(nameof(value), "The momentum of a group cannot be unset. Set it to 0 for none.");
    }

    /// <summary>Gets or sets the momentum that schedules start from.</summary>
    /// <value><see langword="null"/> until a schedule has set it.</value>
    public double? InitialMomentum
    {
        get => InitialOf("momentum");
        set => SetInitial("momentum", value);
    }

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
            known = [.. known, .. groups.Skip(known.Length).Select(group => new OptimizerGroup(group, SettingsOf(optimizer, group), optimizer.GetType().Name))];
            Known.AddOrUpdate(optimizer, known);
        }

        return known;
    }

    /// <summary>Makes a group without parameters that holds an optimizer's default values, as MMEngine's virtual group.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <returns>The group; schedules may drive it like the others.</returns>
    public static OptimizerGroup OfDefaults(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        if (optimizer is FusedOptimizer fused)
        {
            ParamGroup own = fused.MakeDefaultsGroup();
            return new OptimizerGroup(own, fused.SettingsOf(own), optimizer.GetType().Name);
        }

        OptimizerOptions defaults = DefaultsField?.GetValue(optimizer) as OptimizerOptions
            ?? throw new NotSupportedException(
                $"{optimizer.GetType().Name} does not keep its default values as TorchSharp's optimizers do. "
                + "Derive it from TorchSharp.Modules.OptimizerHelper.");
        ParamGroup group = new() { Parameters = [], Options = TorchSharpOptimizers.CopyOf(optimizer, defaults) };
        return new OptimizerGroup(group, SettingsOf(optimizer, group), optimizer.GetType().Name);
    }

    /// <summary>Drops the gradients of an optimizer's parameters, or fills them with zeros.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="setToNone">
    /// Whether gradients become null, as PyTorch ≥ 2 does; the default. With zeros, momentum and weight decay still move a parameter that gets no
    /// gradient any more.
    /// </param>
    /// <exception cref="ObjectDisposedException">The optimizer is one of ours and was disposed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer's parameters are not those that it was made with.</exception>
    public static void ClearGradients(optim.Optimizer optimizer, bool setToNone = true)
    {
        (optimizer as FusedOptimizer)?.CheckUsable();
        try
        {
            foreach (OptimizerGroup group in Of(optimizer))
            {
                Array.ForEach(group.parameters, parameter => Clear(parameter, setToNone));
            }
        }
        catch (Exception exception) when (OptimizerFault.Find(optimizer, exception) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Drops the gradients of parameters, or fills them with zeros.</summary>
    /// <param name="parameters">The parameters. Borrowed.</param>
    /// <param name="setToNone">Whether gradients become null, as PyTorch ≥ 2 does; the default.</param>
    public static void ClearGradients(IEnumerable<Parameter> parameters, bool setToNone = true)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        foreach (Parameter parameter in parameters)
        {
            Clear(parameter, setToNone);
        }
    }

    /// <summary>Gives the group's settings as PyTorch and MMEngine store them: the options by name, and <c>initial_…</c> of those that were scheduled.</summary>
    /// <returns>The settings, without the parameters.</returns>
    public PthDict SaveSettings()
    {
        PthDict saved = settings.Save();
        saved["lr"] = Lr;
        if (initials.ContainsKey("momentum") && Momentum is { } momentum)
        {
            saved["momentum"] = momentum;                             // beside the betas, where MMEngine's momentum schedulers keep it
        }

        foreach ((string name, double initial) in initials)
        {
            saved[$"initial_{name}"] = initial;
        }

        return saved;
    }

    /// <summary>Checks whether settings are of the kinds that the group has, finite, and in the ranges that PyTorch's optimizers have.</summary>
    /// <param name="saved">What <see cref="SaveSettings"/> or Python gave. Borrowed.</param>
    /// <exception cref="PthException">A setting is of another kind or out of range.</exception>
    public void CheckSettings(PthDict saved) => CheckSettings(saved, string.Empty);

    /// <summary>Takes settings over; what is missing stays.</summary>
    /// <param name="saved">What <see cref="SaveSettings"/> or Python gave. Borrowed.</param>
    /// <exception cref="PthException">A setting is of another kind or out of range; the group is as it was.</exception>
    public void LoadSettings(PthDict saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        CheckSettings(saved);
        PthDict own = settings.Save();
        settings.Load(saved);
        Lr = OptimizerStateDict.Number(saved, "lr") ?? Lr;
        foreach ((PthValue key, PthValue _) in saved)
        {
            // Adagrad has an option of its own that begins so.
            if (key is PthText { Value: var name } && name.StartsWith("initial_", StringComparison.Ordinal) && !own.TryGetValue(name, out _))
            {
                SetInitial(name["initial_".Length..], OptimizerStateDict.Number(saved, name));
            }
        }
    }

    internal void CheckSettings(PthDict saved, string where)
    {
        ArgumentNullException.ThrowIfNull(saved);
        OptimizerStateCheck.Settings(SaveSettings(), saved, where);
    }

    internal double? InitialOf(string name) => initials.TryGetValue(name, out double value) ? value : null;

    internal void SetInitial(string name, double? value)
    {
        if (value is { } number)
        {
            initials[name] = number;
        }
        else
        {
            initials.Remove(name);
        }
    }

    internal OptimizerValue Find(OptimizerOption option) => options.Find(option)
        ?? throw new ArgumentException($"{owner} has no option '{option}'. It has {string.Join(", ", options.Names())}. Name one of these.", nameof(option));

    private static void Clear(Parameter parameter, bool setToNone)
    {
        if (setToNone)
        {
            parameter.grad = null;
            return;
        }

        using Tensor? gradient = parameter.grad;
        using Tensor? detached = gradient?.detach();
        using Tensor? zeroed = detached?.zero_();                     // TorchSharp gives another object for the same tensor
    }

    private static GroupSettings SettingsOf(optim.Optimizer optimizer, ParamGroup group) => optimizer is FusedOptimizer fused
        ? fused.SettingsOf(group)
        : TorchSharpOptimizers.SettingsOf(optimizer, group);
}
