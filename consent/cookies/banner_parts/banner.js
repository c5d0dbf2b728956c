/* PakTaleem cookie banner: asks visitors, reports their choice to the privacy portal, and deletes refused cookies. */
(function (CookieConsent, STYLE) {
  'use strict';

  var CHOICE = 'paktaleem_cookie_choice';
  var STATE = 'paktaleem_cookie_state';
  var EVENT = 'paktaleem:cookies';
  var DAYS = 182;
  var CHECK_EVERY = 5 * 60 * 1000;

  var URDU_STYLE = '#cc-main.cc--rtl{--cc-font-family:"Noto Nastaliq Urdu","Jameel Noori Nastaleeq",' +
    '"Urdu Typesetting","Noto Naskh Arabic","PakTaleem Urdu",sans-serif;line-height:1.9}';

  var script = document.currentScript;
  var site = new URL('../../cookies/site/' + encodeURIComponent(script.dataset.site || '') + '/', script.src).href;
  var config, language, texts, offered, covered, isPrivate;
  var accepted = [];
  var isSilent = false;
  var isRestarted = false;

  function escapeHtml(text) {
    var element = document.createElement('p');
    element.textContent = String(text);
    return element.innerHTML;
  }

  function readState() {
    try {
      return JSON.parse(window.localStorage.getItem(STATE)) || {};
    } catch (error) {
      return {};
    }
  }

  function writeState(changes) {
    try {
      window.localStorage.setItem(STATE, JSON.stringify(Object.assign(readState(), changes)));
    } catch (error) {
      /* Storage is blocked: the visitor gets a new number with each choice. */
    }
  }

  function readChoice() {
    var found = document.cookie.split('; ').find(function (one) { return one.indexOf(CHOICE + '=') === 0; });
    try {
      return found ? JSON.parse(decodeURIComponent(found.slice(CHOICE.length + 1))) : null;
    } catch (error) {
      return null;
    }
  }

  function writeChoice(value) {
    var secure = window.location.protocol === 'https:' ? '; Secure' : '';
    var age = value ? DAYS * 86400 : 0;
    var text = value ? encodeURIComponent(JSON.stringify(value)) : '';
    document.cookie = CHOICE + '=' + text + '; Path=/; Max-Age=' + age + '; SameSite=Lax' + secure;
  }

  function send(path, body) {
    return fetch(site + path, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body)
    });
  }

  /* Deleting */

  function matches(pattern, name) {
    return pattern.slice(-1) === '*' ? name.indexOf(pattern.slice(0, -1)) === 0 : name === pattern;
  }

  function deleteCookie(name) {
    var labels = window.location.hostname.split('.');
    var domains = labels.map(function (_, index) { return '; Domain=' + labels.slice(index).join('.'); });
    var paths = window.location.pathname.split('/').map(function (_, index, parts) {
      return parts.slice(0, index + 1).join('/') || '/';
    });
    [''].concat(domains).forEach(function (domain) {
      paths.forEach(function (path) {
        document.cookie = name + '=; Max-Age=0; Path=' + path + domain;
      });
    });
  }

  function deleteStored(storage, pattern) {
    try {
      Object.keys(storage).filter(matches.bind(null, pattern)).forEach(function (key) { storage.removeItem(key); });
    } catch (error) {
      /* Storage is blocked: nothing is stored there. */
    }
  }

  function clear(categories) {
    var names = document.cookie.split('; ').map(function (one) { return one.split('=')[0]; });
    categories.forEach(function (category) {
      category.clears.forEach(function (entry) {
        if (entry.storage === 'local') {
          deleteStored(window.localStorage, entry.name);
        } else if (entry.storage === 'session') {
          deleteStored(window.sessionStorage, entry.name);
        } else {
          names.filter(matches.bind(null, entry.name)).forEach(deleteCookie);
        }
      });
    });
  }

  /* What the page learns */

  function publish(codes) {
    accepted = codes;
    clear(config ? config.categories.filter(function (one) { return codes.indexOf(one.code) < 0; }) : []);
    document.dispatchEvent(new CustomEvent(EVENT, { detail: { accepted: codes.slice() } }));
  }

  function currentCodes() {
    return CookieConsent.getUserPreferences().acceptedCategories.filter(function (code) {
      return code !== 'necessary';
    });
  }

  /* Reporting */

  function report(source, codes) {
    var state = readState();
    if (source !== 'signal') {
      writeState({ pending: source });
    }
    return send('choices', {
      version: config.version,
      language: language,
      accepted: codes,
      source: source,
      signal: isPrivate,
      child: script.dataset.child === undefined ? null : script.dataset.child !== 'no',
      visitor: state.visitor || null
    }).then(function (response) {
      if (response.status === 409) {
        return restart();
      }
      if (response.status === 403) {
        return refuseAll();
      }
      return response.ok ? response.json().then(keep.bind(null, source)) : null;
    }).catch(function () {
      /* The choice is in effect in this browser, and is reported again with the next page. */
    });
  }

  function keep(source, answer) {
    writeState({ visitor: answer.visitor, last_at: answer.last_at, checked: Date.now() });
    if (source !== 'signal') {
      writeState({ pending: '' });
    }
    return CookieConsent.setLanguage(language, true).then(function () { return true; });
  }

  function refuseAll() {
    isSilent = true;
    CookieConsent.acceptCategory([]);
    isSilent = false;
    writeState({ pending: '' });
    publish([]);
  }

  function restart() {
    if (isRestarted) {
      return null; /* A cache between gave old texts: the choice is reported again with the next page. */
    }
    isRestarted = true;
    writeState({ pending: '' });
    writeChoice(null);
    CookieConsent.reset(true);
    return start('reload');
  }

  function onChoice(source) {
    var codes = currentCodes();
    publish(codes);
    if (!isSilent) {
      report(source, codes);
    }
  }

  /* Following a choice made on the portal */

  function follow() {
    var state = readState();
    if (!state.visitor || state.pending || Date.now() - (state.checked || 0) < CHECK_EVERY) {
      return Promise.resolve();
    }
    writeState({ checked: Date.now() });
    return send('choices/current', { visitor: state.visitor }).then(function (response) {
      if (response.status === 404) {
        writeState({ visitor: null, last_at: null, signal: null });
        writeChoice(null);
        return null;
      }
      return response.ok ? response.json().then(adopt) : null;
    }).catch(function () {
      /* The portal cannot be reached: the choice stays. */
    });
  }

  function adopt(answer) {
    var stored = readChoice();
    if (answer.last_at !== readState().last_at && stored) {
      stored.categories = ['necessary'].concat(answer.accepted);
      writeChoice(stored);
    }
    writeState({ last_at: answer.last_at });
  }

  /* Texts */

  function table(category) {
    var columns = ['name', 'purpose', 'provider', 'duration', 'set_by'];
    var headers = {};
    columns.forEach(function (column) { headers[column] = escapeHtml(texts[column]); });
    var body = category.cookies.map(function (cookie) {
      var row = {};
      columns.forEach(function (column) { row[column] = escapeHtml(cookie[column]); });
      return row;
    });
    return { caption: escapeHtml(category.name), headers: headers, body: body };
  }

  function nameOf(code) {
    var found = texts.categories.find(function (one) { return one.code === code; });
    return found ? found.name : code;
  }

  function signalText() {
    if (!covered.length) {
      return '';
    }
    var names = covered.map(function (one) { return nameOf(one.code); }).join(language === 'ur' ? '، ' : ', ');
    return '<br><p>' + escapeHtml(texts.signal.replace('{categories}', names)) + '</p>';
  }

  function sections() {
    var shown = texts.categories.filter(function (category) {
      return category.code === 'necessary' || offered.some(function (one) { return one.code === category.code; });
    });
    var visitor = readState().visitor;
    var link = '<a href="' + escapeHtml(config.page) + '?lang=' + language + '">' + escapeHtml(texts.more) + '</a>';
    var number = visitor
      ? '<p>' + escapeHtml(texts.number) + ' <bdi dir="ltr">' + escapeHtml(visitor) + '</bdi></p><br>'
      : '';
    return [{ description: '<p>' + escapeHtml(texts.lead) + '</p>' + signalText() }]
      .concat(shown.map(function (category) {
        return {
          title: escapeHtml(category.name),
          description: escapeHtml(category.description),
          linkedCategory: category.code,
          cookieTable: table(category)
        };
      }))
      .concat([{ description: number + '<p>' + link + '</p>' }]);
  }

  function translation() {
    return {
      consentModal: {
        title: escapeHtml(texts.title),
        description: '<p>' + escapeHtml(texts.lead) + '</p>' + signalText(),
        acceptAllBtn: escapeHtml(texts.accept),
        acceptNecessaryBtn: escapeHtml(texts.refuse),
        showPreferencesBtn: escapeHtml(texts.choose),
        revisionMessage: '',
        footer: '<a href="' + escapeHtml(config.page) + '?lang=' + language + '">' + escapeHtml(texts.more) + '</a>'
      },
      preferencesModal: {
        title: escapeHtml(texts.settings),
        acceptAllBtn: escapeHtml(texts.accept),
        acceptNecessaryBtn: escapeHtml(texts.refuse),
        savePreferencesBtn: escapeHtml(texts.save),
        closeIconLabel: escapeHtml(texts.close),
        sections: sections()
      }
    };
  }

  /* Start */

  function addStyle() {
    var sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE + URDU_STYLE);
    document.adoptedStyleSheets = document.adoptedStyleSheets.concat([sheet]);
  }

  /* Only a device without an Urdu font fetches this one, and only where the page's policy allows it. */
  function addUrduFont() {
    var address = new URL('../public/noto-naskh-arabic-urdu.woff2', script.src).href;
    var source = 'url("' + address + '") format("woff2")';
    document.fonts.add(new FontFace('PakTaleem Urdu', source, {
      display: 'swap', weight: '400 700', unicodeRange: 'U+0600-06FF, U+200C-200E, U+FDF2, U+FDFA, U+FDFB'
    }));
  }

  function dropCovered() {
    var stored = readChoice();
    if (stored && Array.isArray(stored.categories)) {
      stored.categories = stored.categories.filter(function (code) {
        return covered.every(function (one) { return one.code !== code; });
      });
      writeChoice(stored);
    }
  }

  function recordSignal() {
    if (!covered.length || readState().signal === config.asks_since) {
      return Promise.resolve();
    }
    return report('signal', []).then(function (isRecorded) {
      if (isRecorded === true) {
        writeState({ signal: config.asks_since });
      }
    });
  }

  function isChild() {
    return script.dataset.child === undefined ? config.child_unless_said : script.dataset.child !== 'no';
  }

  function prepare(found) {
    config = found;
    language = (script.dataset.language || document.documentElement.lang || '').slice(0, 2) === 'ur' ? 'ur' : 'en';
    texts = config.texts[language];
    if (language === 'ur') {
      addUrduFont();
    }
    isPrivate = config.signal || window.navigator.globalPrivacyControl === true;
    covered = config.categories.filter(function (one) { return isPrivate && one.signal; });
    offered = config.categories.filter(function (one) { return covered.indexOf(one) < 0; });
  }

  function run() {
    var categories = { necessary: { enabled: true, readOnly: true } };
    var translations = {};
    offered.forEach(function (one) { categories[one.code] = { enabled: false }; });
    translations[language] = translation;
    return CookieConsent.run({
      revision: config.asks_since,
      autoShow: offered.length > 0,
      autoClearCookies: false,
      hideFromBots: false,
      cookie: { name: CHOICE, expiresAfterDays: DAYS },
      guiOptions: {
        consentModal: { layout: 'box', position: 'bottom right', equalWeightButtons: true },
        preferencesModal: { layout: 'box', equalWeightButtons: true }
      },
      categories: categories,
      language: { default: language, rtl: 'ur', translations: translations },
      onFirstConsent: function () { onChoice('banner'); },
      onConsent: function () { publish(currentCodes()); },
      onChange: function () { onChoice('settings'); }
    });
  }

  function ask() {
    var pending = readState().pending;
    if (!CookieConsent.validConsent()) {
      publish([]);
    } else if (pending) {
      return report(pending, currentCodes()).then(recordSignal);
    }
    return recordSignal();
  }

  function start(cache) {
    return fetch(site + 'config.json', { credentials: 'omit', cache: cache }).then(function (response) {
      if (!response.ok) {
        throw new Error('The portal answered ' + response.status + '.');
      }
      return response.json();
    }).then(function (found) {
      prepare(found);
      if (!config.categories.length || isChild()) {
        return publish([]);
      }
      return follow().then(dropCovered).then(run).then(ask);
    });
  }

  document.addEventListener('click', function (event) {
    if (event.target.closest && event.target.closest('[data-cookie-settings]')) {
      event.preventDefault();
      if (config && config.categories.length && !isChild()) {
        CookieConsent.showPreferences();
      }
    }
  });

  window.PakTaleemCookies = {
    get accepted() { return accepted.slice(); }
  };
  addStyle();
  start('default').catch(function () { publish([]); });
})(cookieConsentLibrary, cookieConsentStyle);
